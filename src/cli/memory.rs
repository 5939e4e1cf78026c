//! How the program keeps memory.

/// Keeps freed memory for the next batch. A batch takes and frees some tens of megabytes; glibc would hand each of them
/// back to the kernel and fault it in anew, which is a fifth of a commit's time. At most 64 MB are kept.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn keep_freed_memory() {
    /// What is free at the heap's end until it is handed back, in bytes.
    const KEPT_BYTES: libc::c_int = 64 << 20;
    /// Blocks from this size on are the kernel's own, in bytes: the largest that glibc allows here.
    const BLOCK_BYTES: libc::c_int = 32 << 20;
    /// What the heap grows by at least, in bytes: it asks the kernel for each step.
    const STEP_BYTES: libc::c_int = 1 << 20;
    #[allow(
        unsafe_code,
        reason = "three numbers are set before there is a second thread; worth a fifth (bench ledger)"
    )]
    unsafe {
        // Where one is refused memory is kept as ever.
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
        libc::mallopt(libc::M_MMAP_THRESHOLD, BLOCK_BYTES);
        libc::mallopt(libc::M_TOP_PAD, STEP_BYTES);
    }
}

/// Other allocators have their own ways.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_freed_memory() {}
