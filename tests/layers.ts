/**
 * The import table of the README as a plugin of `deno lint`: who may import whom, who may open the
 * door to C, who may print, and who may not look at the machine at all.
 */

/** One row of the table. In its patterns `{a,b}` is a choice and `*` one name of a path. */
interface Row {
  /** The files the row speaks of: the first row that matches a file holds. */
  readonly from: string;
  /** What they may import besides each other: patterns, separated by spaces. */
  readonly may: string;
  /** What they may not import even so. */
  readonly except?: string;
  /** They compute only: no global `Deno`, no `node:` module. */
  readonly pure?: true;
}

const PURE_FFI = "ffi/{wire,asm,btf,elf,clang,errno,errors}";

const TABLE: readonly Row[] = [
  { from: "ffi/errors", may: "ffi/errno", pure: true },
  { from: "ffi/{wire,asm,btf,elf,clang,errno}", may: PURE_FFI, pure: true },
  { from: "ffi/raw", may: "ffi/{errno,errors,wire}" },
  { from: "ffi/host", may: "ffi/{raw,wire,elf,errno,errors}" },
  { from: "ffi/symbols", may: "ffi/{host,raw,wire,elf,errno,errors}" },
  { from: "ffi/bpf/skeleton", may: "ffi/wire", pure: true },
  { from: "ffi/bpf", may: "ffi/{bpf/skeleton,raw,wire,asm,btf,errno,errors}" },
  { from: "ffi/probes/spec", may: PURE_FFI, pure: true },
  { from: "ffi/probes", may: "ffi/{probes/spec,bpf,btf,elf,host,symbols,errno,errors}" },
  { from: "programs/lib/value", may: PURE_FFI, pure: true },
  {
    from: "programs/lib/expect",
    may: `${PURE_FFI} programs/lib/{nearest,record_shape,value}`,
    pure: true,
  },
  { from: "programs/lib", may: "ffi programs/lib/{expect,value}" },
  { from: "programs/doctor/verdict", may: `${PURE_FFI} ffi/probes/{spec,plan}`, pure: true },
  { from: "programs/doctor", may: "ffi programs/{lib,doctor/verdict}" },
  { from: "programs/tools/*", may: "ffi programs/lib" },
  { from: "programs/{registry,catalog}.gen", may: "programs/{lib/tool,tools}" },
  { from: "programs/script/run", may: "ffi programs/{lib,script}" },
  {
    from: "programs/script",
    may: "ffi/{asm,btf,elf,wire,errno,errors,probes/spec} programs/lib/value",
    pure: true,
  },
  { from: "cmd", may: "ffi programs mod", except: "ffi/raw" },
  { from: "mod", may: "ffi programs/{lib,script}" },
  { from: "build", may: PURE_FFI },
  { from: ".ci", may: "build programs/lib/version" },
  { from: "examples/tutorial", may: "mod" },
  { from: "{docs,examples}", may: "mod programs/tools" },
  { from: "tests", may: "*" },
];

// The bench measures ways into libbpf that gimlet does not go.
const MAY_OPEN_THE_DOOR = pattern("{ffi/raw,tests/bench/peers}");
const MAY_PRINT = pattern("{cmd,tests,docs,examples,build,.ci}");

const ROOT = import.meta.dirname?.replace(/[^/]*$/, "") ?? "";

/** The rules `layers/imports`, `layers/pure`, `layers/one-door` and `layers/no-stdout`. */
const plugin: Deno.lint.Plugin = {
  name: "layers",
  rules: {
    "imports": { create: imports },
    "pure": { create: pure },
    "one-door": { create: oneDoor },
    "no-stdout": { create: noStdout },
  },
};
export default plugin;

function imports(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const file = pathOf(context);
  return visitImports((node, specifier) => {
    const message = specifier === undefined
      ? `${file} imports a computed path: a compiled binary cannot follow it`
      : refusal(file, specifier);
    if (message !== undefined) context.report({ node, message });
  });
}

function pure(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const file = pathOf(context);
  const found = rowOf(file);
  if (found?.row.pure !== true) return {};
  const report = (node: Deno.lint.Node, what: string) =>
    context.report({ node, message: `${found.unit} is pure: it may not use ${what}` });
  return {
    ...visitImports((node, specifier) => {
      if (specifier?.startsWith("node:")) report(node, specifier);
    }),
    Identifier(node) {
      if (node.name === "Deno") report(node, "Deno");
    },
  };
}

function oneDoor(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const file = pathOf(context);
  return MAY_OPEN_THE_DOOR.test(file) ? {} : visitDeno((node, name) => {
    if (name !== "dlopen" && !name.startsWith("Unsafe")) return;
    const message = `Deno.${name} may be used in ffi/raw only: add a function there for ${file}`;
    context.report({ node, message });
  });
}

function noStdout(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const file = pathOf(context);
  if (MAY_PRINT.test(file)) return {};
  const report = (node: Deno.lint.Node, name: string) => {
    const message = `${file} may not use ${name}: nothing below cmd/ prints, it gives values`;
    context.report({ node, message });
  };
  return {
    ...visitDeno((node, name) => name === "stdout" && report(node, "Deno.stdout")),
    Identifier(node) {
      if (node.name === "console") report(node, "console");
    },
  };
}

/** Says why `file` may not import `specifier`, or nothing. */
function refusal(file: string, specifier: string): string | undefined {
  if (!/^\.{0,2}\/|^file:/.test(specifier)) return undefined; // a package
  const source = rowOf(file);
  if (source === undefined) return `${file} is in no row of the table in tests/layers.ts: add one`;
  const target = join(file, specifier);
  const { unit, row } = source;
  if (row.may === "*" || unit === rowOf(target)?.unit) return undefined;
  if (matches(row.may, target) && !matches(row.except, target)) return undefined;
  const except = row.except === undefined ? "" : `, and not ${row.except}`;
  return `${unit} may import ${row.may.replaceAll(" ", ", ")} only${except}; it imports ${target}`;
}

/** Finds the row that holds for a file, and the part of its path that the row names. */
function rowOf(file: string): { readonly row: Row; readonly unit: string } | undefined {
  for (const row of TABLE) {
    const unit = pattern(row.from).exec(file)?.[0];
    if (unit !== undefined) return { row, unit };
  }
  return undefined;
}

function matches(patterns: string | undefined, file: string): boolean {
  return patterns?.split(" ").some((each) => pattern(each).test(file)) ?? false;
}

function pattern(text: string): RegExp {
  const choice = text.replaceAll("{", "(?:").replaceAll("}", ")").replaceAll(",", "|");
  return new RegExp(`^(?:${choice.replaceAll("*", "[^/]+")})(?=[/.]|$)`);
}

/** The linted file's path from the root of the repository. */
function pathOf(context: Deno.lint.RuleContext): string {
  return context.filename.startsWith(ROOT) ? context.filename.slice(ROOT.length) : context.filename;
}

/** Resolves a relative specifier; what leaves the repository keeps its leading `..`. */
function join(file: string, specifier: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Visits every import and re-export; the specifier is undefined where it is computed. */
function visitImports(
  visit: (node: Deno.lint.Node, specifier: string | undefined) => void,
): Deno.lint.LintVisitor {
  return {
    ImportDeclaration: (node) => visit(node, node.source.value),
    ExportAllDeclaration: (node) => visit(node, node.source.value),
    ExportNamedDeclaration(node) {
      if (node.source !== null) visit(node, node.source.value);
    },
    ImportExpression: (node) => visit(node, stringOf(node.source)),
    TSImportType(node) {
      const { argument } = node;
      visit(node, argument.type === "TSLiteralType" ? stringOf(argument.literal) : undefined);
    },
  };
}

function stringOf(node: Deno.lint.Node): string | undefined {
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

/** Visits every `Deno.name`: as a value, as a type, and in `const { name } = Deno`. */
function visitDeno(visit: (node: Deno.lint.Node, name: string) => void): Deno.lint.LintVisitor {
  return {
    MemberExpression(node) {
      if (!isDeno(node.object)) return;
      const name = node.property.type === "Identifier"
        ? node.property.name
        : stringOf(node.property);
      if (name !== undefined) visit(node, name);
    },
    TSQualifiedName(node) {
      if (isDeno(node.left)) visit(node, node.right.name);
    },
    VariableDeclarator(node) {
      if (node.id.type !== "ObjectPattern" || node.init === null || !isDeno(node.init)) return;
      for (const each of node.id.properties) {
        if (each.type === "Property" && each.key.type === "Identifier") visit(each, each.key.name);
      }
    },
  };
}

/** `Deno` or `globalThis.Deno`. */
function isDeno(node: Deno.lint.Node): boolean {
  if (node.type === "Identifier") return node.name === "Deno";
  return node.type === "MemberExpression" && isDeno(node.property);
}
