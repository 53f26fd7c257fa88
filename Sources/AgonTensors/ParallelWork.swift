#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs `body(0)` ... `body(count - 1)`, each on its own thread, and returns when all have ended.
///
/// For coarse work split by the problem: starting a thread takes about ten microseconds. Piece 0 runs on the calling
/// thread; pieces for which no thread can be created run after it.
public func runConcurrently(_ count: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
        var threads: [pthread_t] = []
        var left: [Int] = []
        for index in 1..<max(count, 1) {
            switch startThread(ThreadWork { body(index) }) {
            case .success(let thread): threads.append(thread)
            case .failure: left.append(index)
            }
        }
        if count > 0 { body(0) }
        left.forEach(body)
        for thread in threads { pthread_join(thread, nil) }
    }
}

/// Starts a detached thread that runs `body`.
///
/// Foundation's `Thread` does not report that the system cannot start a thread; waiting for its work then never ends.
///
/// - Throws: ``TensorsError/noThread(purpose:code:)``.
public func startThread(_ purpose: String, _ body: @escaping @Sendable () -> Void) throws(TensorsError) {
    let thread: pthread_t
    switch startThread(ThreadWork(body)) {
    case .success(let started): thread = started
    case .failure(let failure): throw .noThread(purpose: purpose, code: failure.code)
    }
    pthread_detach(thread)
}

private final class ThreadWork: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private struct ThreadFailure: Error {
    let code: Int32
}

private func startThread(_ work: ThreadWork) -> Result<pthread_t, ThreadFailure> {
    let context = Unmanaged.passRetained(work).toOpaque()
    #if canImport(Darwin)
        var thread: pthread_t?
        let status = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context)
    #else
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, context)
    #endif
    #if canImport(Darwin)
        let started = thread
    #else
        let started: pthread_t? = thread
    #endif
    guard status == 0, let started else {
        Unmanaged<ThreadWork>.fromOpaque(context).release()
        return .failure(ThreadFailure(code: status))
    }
    return .success(started)
}
