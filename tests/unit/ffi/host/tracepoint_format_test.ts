import { parseTracepointFormat } from "../../../../ffi/host/tracepoint_format.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";

const EXEC = [
  "name: sched_process_exec",
  "ID: 369",
  "format:",
  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;",
  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;",
  "",
  "\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;",
  "\tfield:const char * why;\toffset:16;\tsize:8;\tsigned:0;",
  "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;",
  "\tfield:char comm[16];\toffset:28;\tsize:16;\tsigned:0;",
  "\tfield:char name[TASK_COMM_LEN];\toffset:44;\tsize:16;\tsigned:0;",
  "\tfield:__rel_loc u8[] bytes;\toffset:60;\tsize:4;\tsigned:0;",
  "\tfield:u32 buf[];\toffset:64;\tsize:0;\tsigned:0;",
  "",
  'print fmt: "filename=%s\\n',
  'pid=%d", __get_str(filename), REC->pid',
  "",
].join("\n");

Deno.test("parseTracepointFormat() reads fields, the common ones and its own", () => {
  const { name, id, fields, printFormat } = parseTracepointFormat(EXEC);
  assertEquals({ name, id }, { name: "sched_process_exec", id: 369 });
  assertEquals(printFormat, '"filename=%s\\n\npid=%d", __get_str(filename), REC->pid');
  assertEquals(fields[0], {
    name: "common_type",
    declaration: "unsigned short common_type",
    type: "unsigned short",
    offset: 0,
    size: 2,
    signed: false,
    length: undefined,
    dynamic: undefined,
    common: true,
  });
  assertEquals(
    fields.slice(2).map(({ name, type, length, dynamic, common }) => [
      ...[name, type, length, dynamic, common],
    ]),
    [
      ["filename", "char", 0, "__data_loc", false],
      ["why", "const char *", undefined, undefined, false],
      ["pid", "pid_t", undefined, undefined, false],
      ["comm", "char", 16, undefined, false],
      ["name", "char", 0, undefined, false],
      ["bytes", "u8", 0, "__rel_loc", false],
      ["buf", "u32", 0, undefined, false],
    ],
  );
  assertEquals(fields.map(({ offset }) => offset), [0, 4, 8, 16, 24, 28, 44, 60, 64]);
});

Deno.test("parseTracepointFormat() refuses what is no format", () => {
  assertThrows(() => parseTracepointFormat("nothing"), FormatError, "no name or no ID");
  assertThrows(
    () => parseTracepointFormat(EXEC.replace("field:pid_t pid;", "pid")),
    FormatError,
    "there is no field in",
  );
});
