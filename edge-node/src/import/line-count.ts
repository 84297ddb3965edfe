/**
 * The parser tells the line on which a row ends; a row with line breaks in its cells begins above it. It also takes each CRLF
 * within quotes for two lines, so the ones seen so far are taken off again.
 */
export class LineCount {
  #crlfs = 0;

  beginOf(cells: readonly string[], endLine: number): number {
    let breaks = 0;
    for (const cell of cells) {
      if (!cell.includes('\n') && !cell.includes('\r')) continue;
      breaks += cell.split(/\r\n|\n|\r/).length - 1;
      this.#crlfs += cell.split('\r\n').length - 1;
    }
    return endLine - this.#crlfs - breaks;
  }
}
