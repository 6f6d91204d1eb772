/**
 * Lays out a table for a terminal.
 *
 * @param rows the first one has a cell for each column
 * @returns a line for each row, every column as wide as its widest cell
 */
export function tableOf(rows: readonly string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}
