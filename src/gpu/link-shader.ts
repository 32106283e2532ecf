/** One `.wgsl` file, imported with `?raw`. */
export interface ShaderFile {
  /** For messages, e.g. `matmul.wgsl`. */
  readonly name: string;
  readonly code: string;
  /** Language extensions that it needs. */
  readonly enables?: readonly ShaderExtension[];
  /** Features of the language that it needs, which are a browser's, not a device's. */
  readonly requires?: readonly ShaderFeature[];
}

/** WGSL's names; WebGPU calls the first `shader-f16`. */
export type ShaderExtension = 'f16' | 'subgroups';

/** Products of four int8 at once: `dot4I8Packed`, `pack4xI8`. */
export type ShaderFeature = 'packed_4x8_integer_dot_product';

/** What makes a module of several files. Every file is WGSL of its own apart from the names it expects of the others. */
export interface ShaderLink {
  /** Types that vary, e.g. `cols: 'vec4f'`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Sizes that WGSL wants as const-expressions; all else is an `override`. */
  readonly consts?: Readonly<Record<string, number>>;
  /** Libraries, then the kernel. */
  readonly files: readonly ShaderFile[];
}

export interface LinkedShader {
  readonly code: string;
  /** `line` of `code`, from 1, as `file:line`. */
  locate(line: number): string;
}

/** Links by concatenation: a prelude of directives, aliases and constants, then the files in order. */
export function linkShader(link: ShaderLink): LinkedShader {
  // Directives must come before everything else.
  const enables = new Set(link.files.flatMap((file) => file.enables ?? []));
  const requires = new Set(link.files.flatMap((file) => file.requires ?? []));
  const prelude = [
    ...[...enables].map((name) => `enable ${name};`),
    ...[...requires].map((name) => `requires ${name};`),
    ...Object.entries(link.aliases ?? {}).map(([name, type]) => `alias ${name} = ${type};`),
    ...Object.entries(link.consts ?? {}).map(([name, value]) => `const ${name} = ${value}u;`),
  ];
  const starts: { readonly name: string; readonly line: number }[] = [{ name: 'prelude', line: 1 }];
  const parts = [...prelude];
  let line = parts.length + 1;
  for (const file of link.files) {
    starts.push({ name: file.name, line });
    const lines = file.code.split('\n');
    parts.push(...lines);
    line += lines.length;
  }
  const locate = (at: number) => {
    const start = starts.findLast((candidate) => candidate.line <= at) ?? { name: 'prelude', line: 1 };
    return `${start.name}:${at - start.line + 1}`;
  };
  return { code: parts.join('\n'), locate };
}
