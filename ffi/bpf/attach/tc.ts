/** Programs as filters of tc, at the clsact queueing discipline of an interface: the way before tcx. */

import { ERRNO } from "../../errno.ts";
import { libbpf } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import { OptionStruct } from "../../raw/memory.ts";
import { attachFailure } from "../failure.ts";
import { type Attachment, Link } from "../link.ts";
import type { Attachable } from "./attachable.ts";
import { type Direction, indexOf, type Interface } from "./network.ts";

/** Where among the filters: those of a lower priority number run first; the kernel chooses what is 0. */
export interface TcOptions {
  /** The filter's number among those of its priority. */
  readonly handle?: number;
  /** From 1 to 65535. */
  readonly priority?: number;
}

const ATTACH_POINT = { ingress: 1, egress: 2 } as const;
const BOTH = ATTACH_POINT.ingress | ATTACH_POINT.egress;
const HANDLE = 3;
const PRIORITY = 4;

/** {@linkcode Program.attachTc} */
export function attachTc(
  program: Attachable,
  where: Interface,
  { direction, handle = 0, priority = 0 }: TcOptions & { readonly direction: Direction },
): Link {
  const index = indexOf(program, where);
  const target = {
    name: `tc/${direction}:${where}`,
    needs: "a kernel with CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS",
    isHook: true,
  };
  const options = filterOptions({ fd: program.fd, handle, priority });
  const discipline = Discipline.of(index);
  takeLog(); // what was said before does not explain this
  let result = discipline.enter();
  if (result >= 0) {
    result = libbpf().bpf_tc_attach(hookOf(index, ATTACH_POINT[direction]).bytes, options.bytes);
    if (result < 0) discipline.leave();
  }
  if (result < 0) throw attachFailure(program.name, target, -result);
  const filter = filterOptions({
    fd: 0,
    handle: options.u32(HANDLE),
    priority: options.u32(PRIORITY),
  });
  const attachment = new TcAttachment(discipline, {
    hook: hookOf(index, ATTACH_POINT[direction]),
    filter,
  });
  return new Link(target.name, [attachment], program.links);
}

/** `struct bpf_tc_hook` */
function hookOf(index: number, point: number): OptionStruct {
  return new OptionStruct([
    { type: "s32", value: index },
    { type: "u32", value: point },
    { type: "u32", value: 0 }, // parent
  ]);
}

/** `struct bpf_tc_opts` */
function filterOptions(
  { fd, handle, priority }: {
    readonly fd: number;
    readonly handle: number;
    readonly priority: number;
  },
): OptionStruct {
  return new OptionStruct([
    { type: "s32", value: fd },
    { type: "u32", value: 0 }, // flags
    { type: "u32", value: 0 }, // prog_id
    { type: "u32", value: handle },
    { type: "u32", value: priority },
  ]);
}

/** The clsact discipline of an interface. The last filter of this process takes it along, if the first one brought it. */
class Discipline {
  static readonly #all = new Map<number, Discipline>();

  static of(index: number): Discipline {
    const discipline = this.#all.get(index) ?? new Discipline(index);
    this.#all.set(index, discipline);
    return discipline;
  }

  readonly #index: number;
  #filters = 0;
  #isOurs = false;

  private constructor(index: number) {
    this.#index = index;
  }

  /** 0, or a negative error number. */
  enter(): number {
    if (this.#filters === 0) {
      const result = libbpf().bpf_tc_hook_create(hookOf(this.#index, BOTH).bytes);
      if (result < 0 && result !== -ERRNO.EEXIST) return result;
      this.#isOurs = result >= 0;
    }
    this.#filters++;
    return 0;
  }

  leave(): void {
    if (--this.#filters > 0) return;
    if (this.#isOurs) libbpf().bpf_tc_hook_destroy(hookOf(this.#index, BOTH).bytes);
    Discipline.#all.delete(this.#index);
  }
}

/** One filter. It belongs to the interface: nothing of the kernel takes it away when this process ends. */
class TcAttachment implements Attachment {
  readonly fd = undefined;

  constructor(
    readonly discipline: Discipline,
    readonly place: { readonly hook: OptionStruct; readonly filter: OptionStruct },
  ) {}

  detach(): void {
    libbpf().bpf_tc_detach(this.place.hook.bytes, this.place.filter.bytes);
    this.discipline.leave();
  }
}
