import { vmCommand } from "../../../cmd/vm_command.ts";
import { UsageError } from "../../../cmd/usage.ts";
import { assertRejects } from "../../assert.ts";

const CASES: readonly [string[], string][] = [
  [["--", "true"], "--kernel is missing"],
  [["--kernel", "a/b"], "The command is missing"],
  [["--kernel", "a/b", "true"], 'Unexpected argument "true"'],
  [["--kernel", "a/b", "--kernel", "c/d", "--", "true"], "Option --kernel is given 2 times"],
  [["--kernel", "a/b", "--disk", "64", "--disk", "x", "--", "true"], 'Cannot read --disk "x"'],
  [["--kernel", "a/b", "--disk", "64M:ide", "--", "true"], 'Cannot read --disk "64M:ide"'],
  [["--kernel", "a/b", "--memory", "0", "--", "true"], 'Cannot read --memory "0"'],
  [["--kernel", "a/b", "--cpus", "0", "--", "true"], 'Cannot read --cpus "0"'],
  [["--kernel", "a/b", "--timeout", "soon", "--", "true"], 'Cannot read duration "soon"'],
  [["--kernel", "a/b", "--env", "A", "--", "true"], 'Cannot read --env "A"'],
  [["--kernel", "a/b", "--accel", "hvf", "--", "true"], 'Unknown accelerator "hvf"'],
  [["--kernel", "a/b", "--module", "loop", "--", "true"], "Cannot find module loop: the kernel is"],
  [["--kernel", "a/b", "--memroy", "1G", "--", "true"], 'Unknown option "--memroy"'],
];

for (const [args, message] of CASES) {
  Deno.test(`gimlet vm ${args.join(" ")} is a mistake that is named`, async () => {
    await assertRejects(() => vmCommand(args, []), UsageError, message);
  });
}
