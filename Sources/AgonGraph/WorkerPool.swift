import AgonTensors
import CAgonKernels

/// Threads that run the tasks of compiled steps; the calling thread is one of them.
///
/// Results never depend on the number of threads: the problem alone determines the pieces, and sums have a fixed order.
public final class WorkerPool: @unchecked Sendable {
    /// The number of threads that compute: fewer than requested if the system could not start more.
    public let threads: Int
    /// The number of threads requested.
    public let wantedThreads: Int
    let handle: OpaquePointer

    /// Starts the threads. Ends the process if there is no memory for them (``MemoryShortage``).
    ///
    /// - Parameter threads: the number of threads to compute on, at least 1.
    public init(threads: Int) {
        precondition(threads >= 1, "a pool needs a thread, not \(threads)")
        // Before the threads start, whose first allocations would take the address space found free.
        BLAS.reserveMemory(callers: threads)
        guard let pool = agon_pool_create(Int32(threads)) else { MemoryShortage.end(wanting: "the thread pool") }
        handle = pool
        wantedThreads = threads
        self.threads = Int(agon_pool_threads(pool))
    }

    /// A line for the user if there are fewer threads than requested.
    public var note: String? {
        guard threads < wantedThreads else { return nil }
        return
            "could start only \(threads) of \(wantedThreads) threads (process limit: ulimit -u or the control group's); "
            + "results do not depend on it"
    }

    deinit { agon_pool_destroy(handle) }
}
