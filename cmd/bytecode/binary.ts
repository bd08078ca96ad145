/** The first module of the binary. */

import { bundle, load, readBytecode, startOf } from "./bundle.ts";

void load(bundle(readBytecode(startOf(Deno.args)))).run();
