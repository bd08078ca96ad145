/** Tables of events: a header, and a line for each event. */

/** A column: its heading, its width (shorter cells are filled up with blanks), and what stands in it. */
export interface Column<E> {
  readonly heading: string;
  readonly width: number;
  /** `first` is the first event of this run, for times that count from there. */
  readonly cell: (event: E, first: E) => string;
}

/** Makes a column. The last one of a table needs no width. */
export function column<E>(
  heading: string,
  width: number,
  cell: (event: E, first: E) => string,
): Column<E> {
  return { heading, width, cell };
}

/** The table's first line. */
export function headerLine<E>(columns: readonly Column<E>[]): string {
  return columns.map(({ heading, width }) => heading.padEnd(width)).join(" ").trimEnd();
}

/** An event's line: cells flush left, with a blank between. A cell that is too long pushes the others on. */
export function eventLine<E>(columns: readonly Column<E>[], event: E, first: E): string {
  let line = "";
  for (const { width, cell } of columns) {
    if (line !== "") line += " ";
    line += cell(event, first).padEnd(width);
  }
  return line;
}
