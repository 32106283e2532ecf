/**
 * The 256 values that an 8-bit code may stand for, ascending: seven decades of ever finer steps, 0 and 1.
 * Source: dynamic tree quantisation, Dettmers 2015 and Dettmers et al. 2022, as bitsandbytes lays it out.
 *
 * @param isSigned half of the codes for negative values
 */
export function dynamicMap(isSigned: boolean): Float32Array<ArrayBuffer> {
  const values = [0, 1];
  for (let decade = 0; decade < 7; decade++) {
    const steps = 2 ** (isSigned ? decade : decade + 1);
    const size = 10 ** (decade - 6);
    for (let i = 0; i < steps; i++) {
      const middle = (0.1 + (0.9 * (i + 0.5)) / steps) * size;
      values.push(middle, ...(isSigned ? [-middle] : []));
    }
  }
  return Float32Array.from(values).toSorted();
}
