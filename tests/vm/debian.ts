/**
 * Debian's archive for the tests: package lists of any suite in a folder of our own, on the mirror that this machine uses
 * (or `GIMLET_DEBIAN_MIRROR`). Nothing is installed.
 */

import { isFile, list } from "../../ffi/host/files.ts";
import { join, parent } from "../../cmd/vm/paths.ts";

/** The keys that sign the suites, on a Debian; elsewhere apt has to have them. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** What the lists are of. */
export interface ListOptions {
  /** Sources, in place of packages. */
  readonly sources?: boolean;
}

/** Lists of one suite, in a folder of our own; as options of apt. */
export async function privateLists(
  suite: string,
  folder: string,
  { sources: ofSources = false }: ListOptions = {},
): Promise<string[]> {
  const source = await mirror(suite.endsWith("-security"));
  for (const path of ["lists/partial", "cache/archives/partial"]) {
    Deno.mkdirSync(join(folder, path), { recursive: true });
  }
  const sources = join(folder, "sources.list");
  const signed = isFile(KEYRING) ? `[signed-by=${KEYRING}] ` : "";
  Deno.writeTextFileSync(
    sources,
    `${ofSources ? "deb-src" : "deb"} ${signed}${source} ${suite} main\n`,
  );
  const settings = [
    `Dir::Etc::SourceList=${sources}`,
    "Dir::Etc::SourceParts=-",
    `Dir::State::Lists=${join(folder, "lists")}`,
    `Dir::Cache=${join(folder, "cache")}`,
    "APT::Sandbox::User=root",
    "APT::Architecture=amd64",
  ];
  const options = settings.flatMap((setting) => ["-o", setting]);
  await output("apt-get", [...options, "-q", "update"]);
  return options;
}

/** The mirror that this machine's own release comes from, or its security updates. */
async function mirror(security: boolean): Promise<string> {
  const given = Deno.env.get("GIMLET_DEBIAN_MIRROR");
  if (given !== undefined) return given;
  const format = "$(REPO_URI) $(RELEASE)";
  const text = await output("apt-get", [
    "indextargets",
    "--format",
    format,
    "Created-By: Packages",
  ]);
  const release = await codename();
  const wanted = security ? `${release}-security` : release;
  const targets = text.split("\n").map((line) => line.split(" "));
  const [uri] = targets.find((target) => target[1] === wanted) ?? [];
  if (uri === undefined) {
    throw new Error(`Cannot find ${wanted} in the lists of apt: set GIMLET_DEBIAN_MIRROR`);
  }
  return uri;
}

async function codename(): Promise<string> {
  const text = await Deno.readTextFile("/etc/os-release");
  return /^VERSION_CODENAME="?([^"\n]*)/m.exec(text)?.[1] ?? "";
}

/** Runs a program, and gives what it writes; throws with its words where it fails. */
export async function output(program: string, args: string[], cwd = "/"): Promise<string> {
  const env = { LC_ALL: "C" };
  const result = await new Deno.Command(program, { args, cwd, env, stdin: "null" }).output();
  const decoder = new TextDecoder();
  if (result.success) return decoder.decode(result.stdout);
  throw new Error(`${program} ${args.join(" ")}: ${decoder.decode(result.stderr).trim()}`);
}

/** Downloads packages, and unpacks them into a folder; `options` of apt, where other lists than the machine's own have them. */
export async function unpackPackages(
  packages: readonly string[],
  { into, downloads, options = [] }: {
    readonly into: string;
    readonly downloads: string;
    readonly options?: readonly string[];
  },
): Promise<void> {
  Deno.mkdirSync(downloads, { recursive: true });
  await output("apt-get", [...options, "-q", "download", ...packages], downloads);
  await unpackAll(downloads, into);
}

/** Unpacks the packages in a folder into another. */
export async function unpackAll(packages: string, into: string): Promise<void> {
  for (const name of list(packages).filter((name) => name.endsWith(".deb"))) {
    await output("dpkg-deb", ["-x", join(packages, name), into]);
  }
}

/**
 * A path in a cache, made where it is not there: `make` gets a folder to work in, and says what in it is to become the path.
 * Nothing comes into the cache half made.
 */
export async function inCache(
  path: string,
  make: (work: string) => Promise<string>,
): Promise<string> {
  const exists = () => isFile(path) || list(path).length > 0;
  if (exists()) return path;
  Deno.mkdirSync(parent(path), { recursive: true });
  // In the cache's own file system, so that what is finished can be renamed into its place.
  const work = Deno.makeTempDirSync({ dir: parent(path), prefix: ".new-" });
  try {
    const made = await make(work);
    try {
      Deno.renameSync(made, path);
    } catch (error) {
      if (!exists()) throw error; // else somebody else was first: both are whole
    }
    return path;
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}
