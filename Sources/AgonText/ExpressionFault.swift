/// A problem at a column of an expression, which follows with a caret under the place.
package func pointing(_ problem: String, _ text: String, _ column: Int) -> String {
    let plain = text.map { $0.isWhitespace ? " " : $0 }
    // Of a long text, what surrounds the place.
    let start = max(0, column - 60)
    let shown = String(plain.dropFirst(start).prefix(100))
    return "column \(column): \(problem)\n  \(shown)\n  " + String(repeating: " ", count: column - 1 - start) + "^"
}
