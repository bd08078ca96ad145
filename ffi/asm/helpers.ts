/** The kernel's helpers: the functions that programs call by number. */

/** Numbers by name, without `bpf_`; they are ABI. */
export const HELPER = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  probe_read: 4,
  ktime_get_ns: 5,
  get_prandom_u32: 7,
  get_smp_processor_id: 8,
  get_current_pid_tgid: 14,
  get_current_uid_gid: 15,
  get_current_comm: 16,
  get_stackid: 27,
  get_current_task: 35,
  get_numa_node_id: 42,
  probe_read_str: 45,
  override_return: 58,
  get_stack: 67,
  get_current_cgroup_id: 80,
  send_signal: 109,
  skb_output: 111,
  probe_read_user: 112,
  probe_read_kernel: 113,
  probe_read_user_str: 114,
  probe_read_kernel_str: 115,
  jiffies64: 118,
  get_ns_current_pid_tgid: 120,
  ktime_get_boot_ns: 125,
  ringbuf_output: 130,
  ringbuf_query: 134,
  d_path: 147,
  get_current_task_btf: 158,
  for_each_map_elem: 164,
  loop: 181,
  map_lookup_percpu_elem: 195,
  ktime_get_tai_ns: 208,
} as const;

/** A helper's name. */
export type HelperName = keyof typeof HELPER;

/** The name of a helper's number, for listings. */
export function helperName(number: number): string {
  return Object.entries(HELPER).find(([, id]) => id === number)?.[0] ?? `helper ${number}`;
}
