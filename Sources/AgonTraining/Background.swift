import AgonTensors
import Foundation

/// Work on a thread of its own, whose result is asked for later; done at once if no thread can be started.
final class Background<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var result: Result<Value, any Error>?

    init(_ name: String, _ body: @escaping @Sendable () throws -> Value) {
        let work: @Sendable () -> Void = { [self] in
            let result = Result { try body() }
            condition.withLock {
                self.result = result
                condition.broadcast()
            }
        }
        do { try startThread(name, work) } catch { work() }
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
