/** A machine for BPF programs, for tests: it runs what the compiler emits, without a kernel and without rights. */

import {
  ALU,
  BYTE_SWAP,
  CALL,
  CLASS,
  decodeInstruction,
  EXIT,
  type Instruction,
  INSTRUCTION_SIZE,
  JUMP,
  JUMP_ALWAYS,
  MODE_ATOMIC,
  SIZE_BITS,
  SOURCE_REGISTER,
} from "../../../../ffi/asm/instruction.ts";
import { type HelperName, helperName } from "../../../../ffi/asm/helpers.ts";
import type { Assembled } from "../../../../ffi/asm/assembler.ts";
import type { ObjectMap, ObjectProgram } from "../../../../ffi/asm/object_file.ts";

const STACK_SIZE = 512;
const MOST_STEPS = 1_000_000;
const SEGMENT = 1n << 32n;
const U64 = (1n << 64n) - 1n;
const ENOENT = -2n;
const E2BIG = -7n;

/** A map: keys are the text of their bytes. */
export interface MachineMap {
  readonly map: ObjectMap;
  readonly entries: Map<
    string,
    { readonly key: Uint8Array; readonly value: Uint8Array<ArrayBuffer> }
  >;
}

/** What helpers answer. */
export interface MachineFacts {
  readonly pidTgid?: bigint;
  readonly uidGid?: bigint;
  readonly comm?: string;
  readonly now?: bigint;
}

/** Memory, maps and a ring buffer, which several programs may use one after another. */
export class BpfMachine {
  readonly maps = new Map<string, MachineMap>();
  readonly records: Uint8Array<ArrayBuffer>[] = [];
  readonly #segments = new Map<bigint, Uint8Array<ArrayBuffer>>();
  readonly #addresses = new Map<Uint8Array, bigint>();
  readonly #symbols = new Map<string, bigint>();
  readonly #handles = new Map<bigint, MachineMap>();
  readonly #functions = new Map<bigint, Assembled>();
  readonly #facts: MachineFacts;
  #next = 1n;

  constructor(
    { maps, functions = [], constants, variables, facts = {} }: {
      readonly maps: readonly ObjectMap[];
      /** What programs hand to helpers that call it. */
      readonly functions?: readonly ObjectProgram[];
      readonly constants: Uint8Array;
      readonly variables: number;
      readonly facts?: MachineFacts;
    },
  ) {
    this.#facts = facts;
    this.#symbols.set(".rodata", this.#place(constants.slice()));
    this.#symbols.set(".data", this.#place(new Uint8Array(variables * 8)));
    for (const { name, code } of functions) {
      const address = this.#place(new Uint8Array(0));
      this.#symbols.set(name, address);
      this.#functions.set(address, code);
    }
    for (const map of maps) {
      const machineMap: MachineMap = { map, entries: new Map() };
      const handle = this.#place(new Uint8Array(0));
      this.maps.set(map.name, machineMap);
      this.#symbols.set(map.name, handle);
      this.#handles.set(handle, machineMap);
      // Arrays have all of their entries from the start.
      const isArray = map.type === 2 || map.type === 6;
      for (let i = 0; isArray && i < map.maxEntries; i++) {
        const key = new Uint8Array(new Uint32Array([i]).buffer);
        this.#entry(machineMap, key, new Uint8Array(map.valueSize ?? 0));
      }
    }
  }

  /** Puts bytes into memory; gives their address. */
  #place(bytes: Uint8Array<ArrayBuffer>): bigint {
    const address = SEGMENT * this.#next++;
    this.#segments.set(address / SEGMENT, bytes);
    this.#addresses.set(bytes, address);
    return address;
  }

  /** Runs a program to its end; gives what it returns. */
  run(program: Assembled, context: Uint8Array = new Uint8Array(256)): bigint {
    return this.#function(program, [this.#place(context.slice())]);
  }

  /** Runs a program, or a function, on a stack of its own. */
  #function({ bytes, relocations }: Assembled, args: readonly bigint[]): bigint {
    const stack = this.#place(new Uint8Array(STACK_SIZE));
    const registers = [0n, ...args, ...Array<bigint>(10 - args.length).fill(0n)];
    registers[10] = stack + BigInt(STACK_SIZE);
    const symbols = new Map(relocations.map(({ offset, symbol }) => [offset, symbol]));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (let step = 0; step < MOST_STEPS; step++) {
      const instruction = decodeInstruction(view, at * INSTRUCTION_SIZE);
      const { opcode, dst } = instruction;
      if (opcode === (CLASS.jmp | EXIT)) return registers[0]!;
      if (opcode === (CLASS.ld | SIZE_BITS[8])) {
        const high = BigInt(view.getInt32((at + 1) * INSTRUCTION_SIZE + 4, true));
        const value = high << 32n | BigInt(instruction.immediate >>> 0);
        const symbol = symbols.get(at * INSTRUCTION_SIZE);
        registers[dst] = symbol === undefined ? value & U64 : this.#symbols.get(symbol)! + value;
        at += 2;
        continue;
      }
      at += 1 + this.#execute(instruction, registers);
    }
    throw new Error("The program does not end");
  }

  /** Executes an instruction; gives how far it jumps. */
  #execute(instruction: Instruction, registers: bigint[]): number {
    const { opcode, dst, src, offset, immediate } = instruction;
    const source = opcode & SOURCE_REGISTER ? registers[src]! : BigInt(immediate) & U64;
    const size = sizeOf(opcode);
    switch (opcode & 7) {
      case CLASS.ldx:
        registers[dst] = this.#load(registers[src]! + BigInt(offset), size);
        return 0;
      case CLASS.st:
        this.#store(registers[dst]! + BigInt(offset), size, BigInt(immediate));
        return 0;
      case CLASS.stx: {
        const address = registers[dst]! + BigInt(offset);
        const old = (opcode & 0xe0) === MODE_ATOMIC ? this.#load(address, size) : 0n;
        this.#store(address, size, old + registers[src]!);
        return 0;
      }
      case CLASS.alu64:
        registers[dst] = arithmetic(opcode & 0xf0, registers[dst]!, source);
        return 0;
      case CLASS.alu:
        if ((opcode & 0xf0) === BYTE_SWAP) {
          registers[dst] = swapped(registers[dst]!, immediate);
          return 0;
        }
        break;
      case CLASS.jmp:
        if ((opcode & 0xf0) === CALL) {
          this.#call(immediate, registers);
          return 0;
        }
        if ((opcode & 0xf0) === JUMP_ALWAYS) return offset;
        return holds(opcode & 0xf0, registers[dst]!, source) ? offset : 0;
    }
    throw new Error(`Cannot execute opcode 0x${opcode.toString(16)}`);
  }

  #bytes(address: bigint, size: number): DataView {
    const segment = this.#segments.get(address / SEGMENT);
    const start = Number(address % SEGMENT);
    if (segment === undefined || start + size > segment.length) {
      throw new Error(`There are no ${size} bytes at 0x${address.toString(16)}`);
    }
    return new DataView(segment.buffer, segment.byteOffset + start, size);
  }

  #load(address: bigint, size: number): bigint {
    const view = this.#bytes(address, size);
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = value << 8n | BigInt(view.getUint8(i));
    return value;
  }

  #store(address: bigint, size: number, value: bigint): void {
    const view = this.#bytes(address, size);
    for (let i = 0; i < size; i++) view.setUint8(i, Number(value >> BigInt(i * 8) & 0xffn));
  }

  #copy(address: bigint, size: number): Uint8Array<ArrayBuffer> {
    const view = this.#bytes(address, size);
    return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, size).slice();
  }

  #entry(map: MachineMap, key: Uint8Array, value: Uint8Array<ArrayBuffer>): void {
    this.#place(value);
    map.entries.set(key.join(), { key, value });
  }

  #call(number: number, registers: bigint[]): void {
    const [, a = 0n, b = 0n, c = 0n] = registers;
    registers[0] = this.#helper(helperName(number) as HelperName, [a, b, c]) & U64;
    // What calls destroy is not to be read again.
    for (let i = 1; i <= 5; i++) registers[i] = 0xdead_0000_0000n;
  }

  #helper(name: HelperName, [a, b, c]: readonly [bigint, bigint, bigint]): bigint {
    switch (name) {
      case "map_lookup_elem":
        return this.#lookUp(a, b);
      case "map_lookup_percpu_elem": // the machine has one CPU
        return c === 0n ? this.#lookUp(a, b) : 0n;
      case "map_update_elem":
        return this.#update(a, b, c);
      case "for_each_map_elem":
        return this.#forEach(a, b, c);
      case "loop":
        return this.#repeat(a, b, c);
      case "map_delete_elem": {
        const { map, entries } = this.#handles.get(a)!;
        return entries.delete(this.#copy(b, map.keySize ?? 0).join()) ? 0n : ENOENT;
      }
      case "probe_read_kernel":
      case "probe_read_user":
      case "probe_read":
        return this.#read(a, Number(b), c);
      case "probe_read_kernel_str":
      case "probe_read_user_str":
      case "probe_read_str":
        return this.#readString(a, Number(b), c);
      case "get_current_comm": {
        const text = new TextEncoder().encode(this.#facts.comm ?? "test");
        const view = this.#bytes(a, Number(b));
        for (let i = 0; i < Number(b); i++) view.setUint8(i, text[i] ?? 0);
        return 0n;
      }
      case "get_current_pid_tgid":
        return this.#facts.pidTgid ?? (7n << 32n | 8n);
      case "get_ns_current_pid_tgid": {
        const view = this.#bytes(c, 8);
        // Process 3, thread 4 of the namespace 5:6.
        if (a !== 5n || b !== 6n) return -22n;
        view.setUint32(0, 4, true);
        view.setUint32(4, 3, true);
        return 0n;
      }
      case "get_current_uid_gid":
        return this.#facts.uidGid ?? 0n;
      case "ktime_get_boot_ns":
        return this.#facts.now ?? 1_000_000_000n;
      case "ringbuf_output":
        this.records.push(this.#copy(b, Number(c)));
        return 0n;
      case "get_smp_processor_id":
      case "get_numa_node_id":
      case "ringbuf_query":
        return 0n;
      case "get_prandom_u32":
        return 12345n;
      default:
        throw new Error(`The machine has no helper ${name}`);
    }
  }

  #forEach(handle: bigint, callback: bigint, context: bigint): bigint {
    const entries = [...this.#handles.get(handle)!.entries.values()];
    for (const [i, { key, value }] of entries.entries()) {
      const args = [handle, this.#place(key.slice()), this.#addresses.get(value)!, context];
      if (this.#function(this.#functions.get(callback)!, args) !== 0n) return BigInt(i + 1);
    }
    return BigInt(entries.length);
  }

  #repeat(count: bigint, callback: bigint, context: bigint): bigint {
    for (let i = 0n; i < count; i++) {
      if (this.#function(this.#functions.get(callback)!, [i, context]) !== 0n) return i + 1n;
    }
    return count;
  }

  #lookUp(handle: bigint, key: bigint): bigint {
    const { map, entries } = this.#handles.get(handle)!;
    const entry = entries.get(this.#copy(key, map.keySize ?? 0).join());
    return entry === undefined ? 0n : this.#addresses.get(entry.value)!;
  }

  #update(handle: bigint, key: bigint, value: bigint): bigint {
    const machineMap = this.#handles.get(handle)!;
    const { map, entries } = machineMap;
    const keyBytes = this.#copy(key, map.keySize ?? 0);
    if (!entries.has(keyBytes.join()) && entries.size >= map.maxEntries) return E2BIG;
    this.#entry(machineMap, keyBytes, this.#copy(value, map.valueSize ?? 0));
    return 0n;
  }

  #read(target: bigint, size: number, source: bigint): bigint {
    const view = this.#bytes(target, size);
    const bytes = this.#readable(source, size);
    for (let i = 0; i < size; i++) view.setUint8(i, bytes?.getUint8(i) ?? 0);
    return bytes === undefined ? -14n : 0n;
  }

  #readString(target: bigint, size: number, source: bigint): bigint {
    const view = this.#bytes(target, size);
    for (let i = 0; i < size; i++) {
      const byte = this.#readable(source + BigInt(i), 1)?.getUint8(0);
      if (byte === undefined) return -14n;
      view.setUint8(i, i === size - 1 ? 0 : byte);
      if (byte === 0 || i === size - 1) return BigInt(i + 1);
    }
    return -14n;
  }

  #readable(address: bigint, size: number): DataView | undefined {
    try {
      return this.#bytes(address, size);
    } catch {
      return undefined;
    }
  }
}

function sizeOf(opcode: number): number {
  return Number(Object.entries(SIZE_BITS).find(([, bits]) => bits === (opcode & 0x18))![0]);
}

function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function arithmetic(operation: number, a: bigint, b: bigint): bigint {
  const compute = (): bigint => {
    switch (operation) {
      case ALU.add:
        return a + b;
      case ALU.sub:
        return a - b;
      case ALU.mul:
        return a * b;
      case ALU.div:
        return b === 0n ? 0n : a / b;
      case ALU.mod:
        return b === 0n ? a : a % b;
      case ALU.or:
        return a | b;
      case ALU.and:
        return a & b;
      case ALU.xor:
        return a ^ b;
      case ALU.lsh:
        return a << (b & 63n);
      case ALU.rsh:
        return a >> (b & 63n);
      case ALU.arsh:
        return signed(a) >> (b & 63n);
      case ALU.neg:
        return -a;
      default:
        return b;
    }
  };
  return compute() & U64;
}

function holds(condition: number, a: bigint, b: bigint): boolean {
  switch (condition) {
    case JUMP.eq:
      return a === b;
    case JUMP.ne:
      return a !== b;
    case JUMP.gt:
      return a > b;
    case JUMP.ge:
      return a >= b;
    case JUMP.lt:
      return a < b;
    case JUMP.le:
      return a <= b;
    case JUMP.sgt:
      return signed(a) > signed(b);
    case JUMP.sge:
      return signed(a) >= signed(b);
    case JUMP.slt:
      return signed(a) < signed(b);
    case JUMP.sle:
      return signed(a) <= signed(b);
    default:
      return (a & b) !== 0n;
  }
}

function swapped(value: bigint, bits: number): bigint {
  let result = 0n;
  for (let i = 0; i < bits; i += 8) result = result << 8n | (value >> BigInt(i) & 0xffn);
  return result;
}
