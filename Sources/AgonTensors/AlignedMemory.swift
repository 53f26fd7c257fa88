#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Memory for kernels: 64-byte aligned (a cache line and the widest vector), in huge pages if large.
public enum AlignedMemory {
    /// Bytes of a huge page. Transforms read and write dozens of distant lines at a time, whose addresses the processor
    /// translates faster in few large pages than in many small ones.
    private static let hugePage = 2 << 20

    /// Memory for at least one float. Ends the process if memory runs out (``MemoryShortage``).
    /// - Parameter zeroed: Whether it is filled with zeros. What is not filled takes no memory until it is used.
    public static func allocate(floats count: Int, zeroed: Bool = true) -> UnsafeMutablePointer<Float> {
        var pointer: UnsafeMutableRawPointer?
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        let alignment = bytes < hugePage ? 64 : hugePage
        guard posix_memalign(&pointer, alignment, (bytes + 63) / 64 * 64) == 0, let pointer else {
            MemoryShortage.end(wanting: "\((bytes + 999_999) / 1_000_000) MB for arrays")
        }
        #if canImport(Glibc)
            if bytes >= hugePage { madvise(pointer, bytes / hugePage * hugePage, MADV_HUGEPAGE) }
        #endif
        if zeroed { memset(pointer, 0, bytes) }
        return pointer.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    public static func free(_ pointer: UnsafeMutablePointer<Float>) {
        #if canImport(Glibc)
            Glibc.free(pointer)
        #else
            Darwin.free(pointer)
        #endif
    }
}
