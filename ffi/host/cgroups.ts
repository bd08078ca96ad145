/** Which cgroups there are. */

/** The mounts of cgroups: of version 1 (one for some controllers each), and the one of version 2. */
export interface CgroupMounts {
  readonly v1: readonly string[];
  readonly v2: string | undefined;
}

/** Finds them in the text of `/proc/self/mounts`. */
export function parseCgroupMounts(mounts: string): CgroupMounts {
  const lines = mounts.split("\n").map((line) => line.split(" "));
  const ofType = (wanted: string) =>
    lines.filter(([, , type]) => type === wanted).map(([, path]) => path!);
  return { v1: ofType("cgroup"), v2: ofType("cgroup2")[0] };
}
