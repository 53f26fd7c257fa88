/// A problem at a column of an expression, shown with a caret under the position.
package func pointing(_ problem: String, _ text: String, _ column: Int) -> String {
    let plain = text.map { $0.isWhitespace ? " " : $0 }
    // A long text is cut to the surroundings of the position.
    let start = max(0, column - 60)
    let shown = String(plain.dropFirst(start).prefix(100))
    return "column \(column): \(problem)\n  \(shown)\n  " + String(repeating: " ", count: column - 1 - start) + "^"
}
