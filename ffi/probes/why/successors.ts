/** What became of functions and tracepoints that texts about tracing name: the kernel's history, as far as tracers meet it. */

/** A probe that went away. */
export interface Successor {
  readonly kind: "renamed" | "removed";
  /** The release that changed it. Distributions bring some changes to older ones. */
  readonly since: string;
  /** Probes that see the same, the best first. */
  readonly probes: readonly string[];
}

const renamed = (since: string, ...probes: string[]): Successor => ({
  kind: "renamed",
  since,
  probes,
});
const removed = (since: string, ...probes: string[]): Successor => ({
  kind: "removed",
  since,
  probes,
});

/** Functions of the kernel. */
export const FUNCTIONS: Readonly<Record<string, Successor>> = {
  __alloc_pages: renamed("6.10", "kprobe:__alloc_pages_noprof", "tracepoint:kmem:mm_page_alloc"),
  __alloc_pages_nodemask: renamed("5.13", "kprobe:__alloc_pages", "tracepoint:kmem:mm_page_alloc"),
  __blk_account_io_done: removed("6.5", "tracepoint:block:block_io_done"),
  __blk_account_io_start: removed("6.5", "tracepoint:block:block_io_start"),
  __close_fd: renamed("5.11", "kprobe:close_fd"),
  __do_page_cache_readahead: renamed("5.10", "kprobe:do_page_cache_ra"),
  __do_page_fault: removed("5.8", "kprobe:handle_mm_fault"),
  __fdget_pos: renamed("6.12", "kprobe:fdget_pos"),
  __kmalloc: renamed("6.10", "kprobe:__kmalloc_noprof", "tracepoint:kmem:kmalloc"),
  __vfs_read: removed("5.10", "kprobe:vfs_read"),
  __vfs_write: removed("5.10", "kprobe:vfs_write"),
  _do_fork: renamed("5.10", "kprobe:kernel_clone", "tracepoint:sched:sched_process_fork"),
  account_page_dirtied: renamed("5.16", "tracepoint:writeback:writeback_dirty_folio"),
  blk_account_io_done: removed(
    "5.16",
    ...["tracepoint:block:block_io_done", "tracepoint:block:block_rq_complete"],
    "kprobe:blk_mq_end_request",
  ),
  blk_account_io_start: removed(
    "5.16",
    ...["tracepoint:block:block_io_start", "tracepoint:block:block_rq_issue"],
    "kprobe:blk_mq_start_request",
  ),
  blk_start_request: renamed("5.0", "kprobe:blk_mq_start_request"),
  do_fork: renamed("5.10", "kprobe:kernel_clone", "tracepoint:sched:sched_process_fork"),
  do_sync: removed("4.17", "kprobe:ksys_sync", "tracepoint:syscalls:sys_enter_sync"),
  do_sync_read: removed("4.1", "kprobe:vfs_read"),
  do_sync_write: removed("4.1", "kprobe:vfs_write"),
  elv_add_request: removed("5.0", "tracepoint:block:block_rq_insert"),
  finish_task_switch: renamed("5.15", "tracepoint:sched:sched_switch"),
  generic_make_request: renamed("5.9", "kprobe:submit_bio_noacct"),
  kfree_skb: renamed(
    "5.17",
    ...["kprobe:sk_skb_reason_drop", "kprobe:kfree_skb_reason"],
    "tracepoint:skb:kfree_skb",
  ),
  kmem_cache_alloc: renamed(
    "6.10",
    "kprobe:kmem_cache_alloc_noprof",
    "tracepoint:kmem:kmem_cache_alloc",
  ),
  scheduler_tick: renamed("6.10", "kprobe:sched_tick"),
  urandom_read: renamed(
    "5.18",
    "kprobe:urandom_read_iter",
    "tracepoint:syscalls:sys_enter_getrandom",
  ),
  vmalloc: renamed("6.10", "kprobe:vmalloc_noprof"),
};

/** Tracepoints, as `category:event`. */
export const TRACEPOINTS: Readonly<Record<string, Successor>> = {
  "block:block_sleeprq": removed("5.11", "tracepoint:block:block_rq_insert"),
  "block:block_unplug_io": renamed("2.6.39", "tracepoint:block:block_unplug"),
  "kmem:kmalloc_node": renamed("6.2", "tracepoint:kmem:kmalloc"),
  "kmem:kmem_cache_alloc_node": renamed("6.2", "tracepoint:kmem:kmem_cache_alloc"),
  "power:power_end": renamed("2.6.38", "tracepoint:power:cpu_idle"),
  "power:power_start": renamed("2.6.38", "tracepoint:power:cpu_idle"),
  "syscalls:sys_enter_fstat": renamed("2.6.32", "tracepoint:syscalls:sys_enter_newfstat"),
  "syscalls:sys_enter_lstat": renamed("2.6.32", "tracepoint:syscalls:sys_enter_newlstat"),
  "syscalls:sys_enter_sendfile": renamed("2.6.32", "tracepoint:syscalls:sys_enter_sendfile64"),
  "syscalls:sys_enter_stat": renamed("2.6.32", "tracepoint:syscalls:sys_enter_newstat"),
  "syscalls:sys_enter_umount2": renamed("2.6.32", "tracepoint:syscalls:sys_enter_umount"),
  "syscalls:sys_enter_uname": renamed("2.6.32", "tracepoint:syscalls:sys_enter_newuname"),
  "tcp:tcp_set_state": renamed("4.16", "tracepoint:sock:inet_sock_set_state"),
  "writeback:writeback_dirty_page": renamed("5.15", "tracepoint:writeback:writeback_dirty_folio"),
};

/** All of a category that is gone. */
export const CATEGORIES: Readonly<Record<string, Successor>> = {
  // All that it had went within one release, and the same change came to the older ones that are still kept up.
  random: removed(
    "5.18",
    ...["kprobe:urandom_read_iter", "tracepoint:syscalls:sys_enter_getrandom"],
  ),
};

/** What a part of the kernel is called, where it may be missing. */
export interface Part {
  readonly module: string;
  readonly config: string;
}

/** By the category of a tracepoint, or by what the names of functions begin with before `_`. */
export const PARTS: Readonly<Record<string, Part>> = {
  btrfs: { module: "btrfs", config: "CONFIG_BTRFS_FS" },
  ceph: { module: "ceph", config: "CONFIG_CEPH_FS" },
  cfg80211: { module: "cfg80211", config: "CONFIG_CFG80211" },
  cifs: { module: "cifs", config: "CONFIG_CIFS" },
  drm: { module: "drm", config: "CONFIG_DRM" },
  ext4: { module: "ext4", config: "CONFIG_EXT4_FS" },
  f2fs: { module: "f2fs", config: "CONFIG_F2FS_FS" },
  fuse: { module: "fuse", config: "CONFIG_FUSE_FS" },
  gfs2: { module: "gfs2", config: "CONFIG_GFS2_FS" },
  i915: { module: "i915", config: "CONFIG_DRM_I915" },
  iwlwifi: { module: "iwlwifi", config: "CONFIG_IWLWIFI" },
  jbd2: { module: "jbd2", config: "CONFIG_JBD2" },
  kvm: { module: "kvm", config: "CONFIG_KVM" },
  kvmmmu: { module: "kvm", config: "CONFIG_KVM" },
  mac80211: { module: "mac80211", config: "CONFIG_MAC80211" },
  nbd: { module: "nbd", config: "CONFIG_BLK_DEV_NBD" },
  nf: { module: "nf_conntrack", config: "CONFIG_NF_CONNTRACK" },
  nfs: { module: "nfs", config: "CONFIG_NFS_FS" },
  nfs4: { module: "nfsv4", config: "CONFIG_NFS_V4" },
  nfsd: { module: "nfsd", config: "CONFIG_NFSD" },
  null: { module: "null_blk", config: "CONFIG_BLK_DEV_NULL_BLK" },
  nvme: { module: "nvme", config: "CONFIG_BLK_DEV_NVME" },
  ocfs2: { module: "ocfs2", config: "CONFIG_OCFS2_FS" },
  rxrpc: { module: "rxrpc", config: "CONFIG_AF_RXRPC" },
  sunrpc: { module: "sunrpc", config: "CONFIG_SUNRPC" },
  virtblk: { module: "virtio_blk", config: "CONFIG_VIRTIO_BLK" },
  vsock: { module: "vsock", config: "CONFIG_VSOCKETS" },
  xfs: { module: "xfs", config: "CONFIG_XFS_FS" },
  zfs: { module: "zfs", config: "CONFIG_ZFS" },
};

/** Tracepoints that a switch of the configuration makes, by a pattern. */
export const SWITCHES: readonly { readonly pattern: RegExp; readonly config: string }[] = [
  { pattern: /^syscalls:/, config: "CONFIG_FTRACE_SYSCALLS" },
  { pattern: /^sched:sched_stat_(wait|sleep|iowait|blocked)$/, config: "CONFIG_SCHEDSTATS" },
  { pattern: /^lock:lock_(acquire|release)$/, config: "CONFIG_LOCKDEP" },
  { pattern: /^preemptirq:/, config: "CONFIG_PREEMPTIRQ_TRACEPOINTS" },
  { pattern: /^osnoise:/, config: "CONFIG_OSNOISE_TRACER" },
  { pattern: /^rcu:rcu_(?!utilization)/, config: "CONFIG_RCU_TRACE" },
  { pattern: /^xen:/, config: "CONFIG_XEN" },
  { pattern: /^page_pool:/, config: "CONFIG_PAGE_POOL" },
];
