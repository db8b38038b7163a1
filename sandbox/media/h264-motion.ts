/** Motion vectors of H.264: what a decoder expects a macroblock's vector to be, since only the difference is written. */

/** Vectors of the macroblocks of one picture, sideways only, in pixels; filled in coding order. */
export interface VectorField {
  /** The vector expected of a macroblock that is coded with one (ITU-T H.264 8.4.1.3). */
  expected(index: number): number;
  /** The vector of a macroblock that is skipped (8.4.1.1). */
  whenSkipped(index: number): number;
  /** Notes the vector of a macroblock; those never noted count as coded without one. */
  set(index: number, vector: number): void;
}

/** An empty field for pictures of so many macroblocks. */
export function vectorField(columns: number, rows: number): VectorField {
  const vectors = new Int16Array(columns * rows);
  const known = new Uint8Array(columns * rows);

  function expected(index: number): number {
    const column = index % columns;
    const left = column > 0 ? index - 1 : undefined;
    const above = index >= columns ? index - columns : undefined;
    let corner = above !== undefined && column + 1 < columns ? above + 1 : undefined;
    if (corner === undefined && above !== undefined && column > 0) corner = above - 1;
    if (above === undefined && corner === undefined)
      return left === undefined ? 0 : (vectors[left] as number);
    const neighbours = [left, above, corner];
    const withVector = neighbours.filter((neighbour) => neighbour !== undefined && known[neighbour]);
    if (withVector.length === 1) return vectors[withVector[0] as number] as number;
    const [a = 0, b = 0, c = 0] = neighbours.map((neighbour) =>
      neighbour === undefined ? 0 : (vectors[neighbour] as number),
    );
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }
  return {
    expected,
    whenSkipped(index) {
      const isStill = (neighbour: number) => known[neighbour] === 1 && vectors[neighbour] === 0;
      if (index % columns === 0 || index < columns) return 0;
      return isStill(index - 1) || isStill(index - columns) ? 0 : expected(index);
    },
    set(index, vector) {
      vectors[index] = vector;
      known[index] = 1;
    },
  };
}
