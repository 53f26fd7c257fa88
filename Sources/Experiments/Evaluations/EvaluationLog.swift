import Foundation

extension RunFolder {
    /// A line for each value that was measured, during training and after.
    public var evaluationsPath: String { path + "/evaluations.jsonl" }

    /// All values that were measured of the run, in the order of the file; where one was measured again, the last.
    public var evaluations: [EvaluationValue] {
        guard let contents = FileManager.default.contents(atPath: evaluationsPath) else { return [] }
        var values: [EvaluationValue] = []
        var places: [String: Int] = [:]
        for line in String(decoding: contents, as: UTF8.self).split(separator: "\n") {
            guard let value = EvaluationValue(line: String(line)) else { continue }
            let key = "\(value.step) \(value.metric) \(value.identity.hash)"
            if let place = places[key] {
                values[place] = value
            } else {
                places[key] = values.count
                values.append(value)
            }
        }
        return values
    }

    /// Appends values to the run's file, but for those that it has.
    ///
    /// Throws `ExperimentsError.cannotWrite`.
    func record(_ values: [EvaluationValue]) throws {
        let known = evaluations
        let new = values.filter { !known.contains($0) }
        guard !new.isEmpty else { return }
        let log = try MetricsLog(path: evaluationsPath, keepingThrough: .max)
        for value in new { try log.append(value.node) }
        try log.synchronise()
    }
}
