import { present } from '../base/invariant.ts';
import type { ShaderExtension, ShaderFile } from './link-shader.ts';
import type { ParamsLayout } from './params-layout.ts';

/** How a kernel uses a storage buffer. */
export type BindingKind = 'read' | 'read_write';

/** One compute kernel and everything that may vary in it. Binding 0 is the uniform `params`, then `bindings` in order. */
export interface Kernel<Layout extends ParamsLayout = ParamsLayout> {
  /** The op's name: `shaders/<name>.wgsl`. */
  readonly name: string;
  readonly params: Layout;
  readonly bindings: readonly BindingKind[];
  /** Axis → value → library file; every file of an axis defines the same functions. */
  readonly variants: Readonly<Record<string, Readonly<Record<string, ShaderFile>>>>;
  /** Type name → the types it may stand for. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly overrides: Readonly<Record<string, { readonly default: number; readonly allowed: readonly number[] }>>;
  /** False for combinations that make no sense; nobody may ask for them. All are meant where it is absent. */
  readonly isMeant?: (choice: Required<KernelChoice>) => boolean;
  /** What it shares with other kernels, the same in all variants. */
  readonly libraries?: readonly ShaderFile[];
  readonly kernel: ShaderFile;
}

/** One variant of a kernel. Overrides that are not named take their default. */
export interface KernelChoice {
  readonly variants?: Readonly<Record<string, string>>;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, number>>;
}

/** Declares a kernel; `Layout` is inferred so that its parameters are checked where they are filled in. */
export function defineKernel<const Layout extends ParamsLayout>(kernel: Kernel<Layout>): Kernel<Layout> {
  return kernel;
}

/** Every meant variant of `kernel`, for the test that compiles them all. */
export function allChoices(kernel: Kernel): KernelChoice[] {
  const pick = (axes: readonly (readonly [string, readonly string[]])[]) =>
    axes.reduce<Record<string, string>[]>(
      (rows, [axis, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [axis]: value }))),
      [{}],
    );
  const variants = pick(Object.entries(kernel.variants).map(([axis, files]) => [axis, Object.keys(files)]));
  const aliases = pick(Object.entries(kernel.aliases));
  const overrides = Object.entries(kernel.overrides).reduce<Record<string, number>[]>(
    (rows, [name, { allowed }]) => rows.flatMap((row) => allowed.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
  return variants
    .flatMap((v) => aliases.flatMap((a) => overrides.map((o) => ({ variants: v, aliases: a, overrides: o }))))
    .filter((choice) => kernel.isMeant?.(choice) ?? true);
}

/** The files of one variant in the order of linking. */
export function filesOf(kernel: Kernel, choice: KernelChoice): ShaderFile[] {
  const variants = Object.entries(kernel.variants).map(([axis, files]) =>
    present(files[choice.variants?.[axis] ?? ''], `variant of ${axis} for ${kernel.name}`),
  );
  return [...variants, ...(kernel.libraries ?? []), kernel.kernel];
}

const FEATURES: Readonly<Record<ShaderExtension, string>> = { f16: 'shader-f16', subgroups: 'subgroups' };

/** Features of the device that a variant needs. */
export function featuresOf(kernel: Kernel, choice: KernelChoice): string[] {
  return [...new Set(filesOf(kernel, choice).flatMap(({ enables }) => enables ?? []))].map((name) => FEATURES[name]);
}
