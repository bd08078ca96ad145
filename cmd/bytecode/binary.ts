/** The first module of the binary. */

import { bundle, load, readBytecode } from "./bundle.ts";

void load(bundle(readBytecode())).run();
