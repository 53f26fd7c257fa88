import CAgonKernels

/// Threads that run the tasks of compiled steps; the calling thread is one of them.
///
/// Results never depend on the number of threads: the problem alone determines the pieces, and sums have a fixed order.
public final class WorkerPool: @unchecked Sendable {
    public let threads: Int
    let handle: OpaquePointer

    /// - Parameter threads: the number of compute threads, at least 1.
    public init(threads: Int) {
        precondition(threads >= 1, "a pool needs at least 1 thread, not \(threads)")
        self.threads = threads
        handle = agon_pool_create(Int32(threads))
    }

    deinit { agon_pool_destroy(handle) }
}
