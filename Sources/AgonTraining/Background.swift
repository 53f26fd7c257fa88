import AgonTensors
import Foundation

/// Work on a separate thread, whose result is requested later. If no thread can be started, the work is done at once.
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

    /// Waits for the result.
    func value() throws -> Value {
        try condition.withLock {
            while true {
                if let result { return try result.get() }
                condition.wait()
            }
        }
    }

    /// The result if the work is done and did not fail.
    var valueIfReady: Value? { condition.withLock { try? result?.get() } }
}
