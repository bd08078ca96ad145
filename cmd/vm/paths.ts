/** Paths of a POSIX file system, as text. */

/** Joins two parts: `join("/usr", "lib")`, `join("/", "lib")`. */
export function join(folder: string, name: string): string {
  return normalize(`${folder}/${name}`);
}

/** Resolves `.` and `..` and doubled slashes. The path is taken from the root. */
export function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return "/" + parts.join("/");
}

/** The folder of a path: `/usr` of `/usr/lib`, `/` of `/usr`. */
export function parent(path: string): string {
  return normalize(`${path}/..`);
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
