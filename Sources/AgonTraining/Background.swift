import Foundation

/// Work that goes on in a thread of its own until its result is asked for.
final class Background<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var result: Result<Value, any Error>?

    init(_ name: String, _ body: @escaping @Sendable () throws -> Value) {
        let thread = Thread { [self] in
            let result = Result { try body() }
            condition.withLock {
                self.result = result
                condition.broadcast()
            }
        }
        thread.name = name
        thread.start()
    }

    /// The result, waited for.
    func value() throws -> Value {
        try condition.withLock {
            while true {
                if let result { return try result.get() }
                condition.wait()
            }
        }
    }

    /// The result if it is there and no failure.
    var valueIfReady: Value? { condition.withLock { try? result?.get() } }
}
