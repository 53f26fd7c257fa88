#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Memory for kernels: 64-byte aligned (a cache line and the widest vector), zeroed by the system.
public enum AlignedMemory {
    /// Zeroed memory for at least one float. Ends the process if memory runs out (``MemoryShortage``).
    public static func allocate(floats count: Int) -> UnsafeMutablePointer<Float> {
        var pointer: UnsafeMutableRawPointer?
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        guard posix_memalign(&pointer, 64, (bytes + 63) / 64 * 64) == 0, let pointer else {
            MemoryShortage.end(wanting: "\((bytes + 999_999) / 1_000_000) MB for arrays")
        }
        memset(pointer, 0, bytes)
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
