import { countOf, frequencies } from "../../lib/frequencies.ts";
import { STRLEN_TEXT, STRLEN_TIMES } from "../../lib/stimulus.ts";
import { cEscaped } from "../../lib/text.ts";
import { defineTool } from "../../lib/tool.ts";
import { strlen_count } from "./strlen_count.gen.ts";

export default defineTool(strlen_count, {
  lesson: 14,
  summary: "Count the strings that programs call strlen() on",
  example: "gimlet strlen_count -- ls /",
  selftest: {
    stimulus: "strlen",
    proof: (values) => countOf(values, { c: STRLEN_TEXT }) === BigInt(STRLEN_TIMES),
  },
  plans: {
    uprobe: { on_strlen: ["uprobe:c:strlen"] },
  },
  banner: "Tracing strlen()... Hit Ctrl-C to end.",
  report: (object) => () => [
    frequencies(object.map("counts"), {
      header: `${"COUNT".padStart(10)} STRING`,
      line: ({ c }, count) => `${String(count).padStart(10)} "${cEscaped(c)}"`,
    }),
  ],
});
