/** Every fault that this machine can be given: the code, the cause, the fix and the status are as documented. */

import { BINARY, inOwnMounts, workload } from "../gimlet.ts";
import { assertTold, NATIVE_FAULTS, withJson } from "../faults.ts";
import { binary, capabilities, gcc, needsProgram, root, test } from "../support.ts";

const needs = [root, capabilities, binary, gcc, needsProgram("setpriv"), needsProgram("setcap")];

for (const [name, fault] of Object.entries(NATIVE_FAULTS)) {
  test(`fault: ${name}`, { needs }, async () => {
    const [seccomp, calls] = await Promise.all([workload("seccomp"), workload("calls")]);
    const script = `SECCOMP=${seccomp} CALLS=${calls}\n${fault.under ?? 'exec "$@"'}`;
    const { status, stderr } = await inOwnMounts(script, [BINARY, ...fault.args]);
    const { stdout } = await inOwnMounts(script, [BINARY, ...withJson(fault.args)]);
    assertTold(fault, { status, stderr, records: stdout });
  });
}
