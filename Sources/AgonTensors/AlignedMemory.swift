#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Memory for kernels: 64-byte aligned (a cache line and the widest vector), zeroed, fresh from the system.
public enum AlignedMemory {
    /// Zeroed memory for at least one float.
    public static func allocate(floats count: Int) -> UnsafeMutablePointer<Float> {
        var pointer: UnsafeMutableRawPointer?
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        guard posix_memalign(&pointer, 64, (bytes + 63) / 64 * 64) == 0, let pointer else {
            fatalError("out of memory: \(bytes) bytes")
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
