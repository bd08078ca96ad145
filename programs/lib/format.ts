/** How events become lines for people. */

/** The text of events. */
export interface Format<E> {
  /** The line above them; `undefined` for none. */
  readonly header: string | undefined;
  /** The line of an event. `first` is the first event of this run, for times that count from there. */
  readonly line: (event: E, first: E) => string;
}

/** A column: its heading, its width (shorter cells are filled up with blanks), and what stands in it. */
export interface Column<E> {
  readonly heading: string;
  readonly width: number;
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

/** A table: cells flush left, with a blank between. A cell that is too long pushes the others on. */
export function table<E>(columns: readonly Column<E>[]): Format<E> {
  return {
    header: columns.map(({ heading, width }) => heading.padEnd(width)).join(" ").trimEnd(),
    line(event, first) {
      let line = "";
      for (const { width, cell } of columns) {
        if (line !== "") line += " ";
        line += cell(event, first).padEnd(width);
      }
      return line;
    },
  };
}

/** Lines of any form, with no header. */
export function lines<E>(line: (event: E, first: E) => string): Format<E> {
  return { header: undefined, line };
}
