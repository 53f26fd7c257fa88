/// The message of the error that `body` throws; `no error` if it throws none.
package func message<Value>(_ body: () throws -> Value) -> String {
    do {
        _ = try body()
        return "no error"
    } catch { return "\(error)" }
}
