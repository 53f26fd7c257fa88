extension RunFolder {
    /// A line for each value that was measured, during training and after.
    public var evaluationsPath: String { path + "/evaluations.jsonl" }

    /// All values that were measured of the run, in the order of the file; where one was measured again, the last.
    public var evaluations: [EvaluationValue] {
        var known: Set<EvaluationValue.Place> = []
        let values: [EvaluationValue] = LineReader.all(path: evaluationsPath)
        return values.reversed().filter { known.insert($0.place).inserted }.reversed()
    }

    /// Appends values to the run's file, but for those that it has.
    ///
    /// Throws `RunError.cannotWrite`.
    package func record(_ values: [EvaluationValue]) throws {
        let known = evaluations
        let new = values.filter { !known.contains($0) }
        guard !new.isEmpty else { return }
        let log = try LineLog<EvaluationValue>(path: evaluationsPath, keepingThrough: .max)
        for value in new { try log.append(value) }
        try log.synchronise()
    }
}
