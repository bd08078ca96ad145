import { fromCString, type PointerValue } from "../raw/memory.ts";

/** The numbers of an enum by their names, as libbpf gives them: the kernel's without `BPF_…_TYPE_`, in lower case. */
export type NumbersByName = ReadonlyMap<string, number>;

/** Asks libbpf for the names of an enum, up to the first number that it knows none of. */
export function numbersByName(nameOf: (number: number) => PointerValue): NumbersByName {
  const numbers = new Map<string, number>();
  for (let number = 0;; number++) {
    const name = fromCString(nameOf(number));
    if (name === "") return numbers;
    numbers.set(name, number);
  }
}
