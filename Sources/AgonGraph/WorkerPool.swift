import CAgonKernels

/// Threads that run the tasks of compiled steps; the calling thread is one of them.
///
/// Results never depend on the number of threads: work is cut by the problem, and sums have a fixed order.
public final class WorkerPool: @unchecked Sendable {
    public let threads: Int
    let handle: OpaquePointer

    /// - Parameter threads: how many threads compute, at least 1.
    public init(threads: Int) {
        precondition(threads >= 1, "a pool needs a thread, not \(threads)")
        self.threads = threads
        handle = agon_pool_create(Int32(threads))
    }

    deinit { agon_pool_destroy(handle) }
}
