/** Every fault that takes another kernel: the code, the cause, the fix and the status are as documented. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertTold, KERNEL_FAULTS, withJson } from "../faults.ts";
import { BINARY } from "../gimlet.ts";
import { binary, needsProgram, qemu, test } from "../support.ts";
import { debianKernel } from "./kernels.ts";

const needs = [qemu, binary, needsProgram("setpriv")];

// The first run is for people, the second for programs; what each says is on a stream of its own.
const TWICE = `sh -e -c "$UNDER" sh /gimlet $ARGS > /dev/null; status=$?
  sh -e -c "$UNDER" sh /gimlet $JSON_ARGS 2> /dev/null
  exit $status`;

for (const [name, fault] of Object.entries(KERNEL_FAULTS)) {
  test(`fault: ${name} (${fault.kernel})`, { needs }, async () => {
    const kernel = await debianKernel(fault.kernel);
    const { status, stdout, stderr } = await runVm({
      kernel: kernel.path,
      modules: [],
      binary: BINARY,
      files: ["/bin/sh", "/bin/true", "/usr/bin/setpriv", "/usr/bin/prlimit"],
      env: {
        UNDER: fault.under ?? 'exec "$@"',
        ARGS: fault.args.join(" "),
        JSON_ARGS: withJson(fault.args).join(" "),
      },
      kernelArguments: fault.append ?? [],
      command: ["sh", "-c", TWICE],
    });
    assertTold(fault, { status, stderr, records: stdout });
  });
}
