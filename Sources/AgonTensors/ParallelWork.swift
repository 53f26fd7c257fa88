#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs `body(0)` ... `body(count - 1)`, each on a thread of its own, and returns when all have ended.
///
/// For coarse work cut by the problem: starting a thread takes some ten microseconds. Piece 0 runs on the calling
/// thread, and pieces for which the system gives no thread run after it.
public func runConcurrently(_ count: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
        var threads: [pthread_t] = []
        var left: [Int] = []
        for index in 1..<max(count, 1) {
            if let thread = startThread(ThreadPiece(index: index, body: body)) {
                threads.append(thread)
            } else {
                left.append(index)
            }
        }
        if count > 0 { body(0) }
        left.forEach(body)
        for thread in threads { pthread_join(thread, nil) }
    }
}

private final class ThreadPiece: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Void

    init(index: Int, body: @escaping @Sendable (Int) -> Void) {
        self.index = index
        self.body = body
    }
}

private func startThread(_ piece: ThreadPiece) -> pthread_t? {
    let context = Unmanaged.passRetained(piece).toOpaque()
    #if canImport(Darwin)
        var thread: pthread_t?
        let status = pthread_create(
            &thread, nil,
            { context in
                let piece = Unmanaged<ThreadPiece>.fromOpaque(context).takeRetainedValue()
                piece.body(piece.index)
                return nil
            }, context)
    #else
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let piece = Unmanaged<ThreadPiece>.fromOpaque(context).takeRetainedValue()
                piece.body(piece.index)
                return nil
            }, context)
    #endif
    guard status == 0 else {
        Unmanaged<ThreadPiece>.fromOpaque(context).release()
        return nil
    }
    return thread
}
