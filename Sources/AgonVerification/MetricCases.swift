import AgonConfiguration
import AgonMetrics

extension RecordedCase {
    /// A metric of feature arrays.
    func replayMetric(_ recorded: RecordedCase) throws {
        switch operation {
        case "fid":
            // Singular covariances: the reference itself has only this accuracy, and states it.
            if try attributes.optionalString("note", "A remark on the case.")?.contains("within 1e-3 relative")
                == true
            {
                bound = 1e-3
            }
            try compare("value", [try FrechetDistance.between(real: features("real"), fake: features("fake"))])
        case "kid":
            let degree = try attributes.integer("degree", default: 3, "Degree of the polynomial kernel.")
            guard degree == 3 else {
                throw RecordedCaseError.unsupported(attribute: "degree", value: "\(degree)", expected: "3")
            }
            try compare("value", [try KernelInceptionDistance.between(real: features("real"), fake: features("fake"))])
        case "prdc":
            _ = try attributes.optionalString("order", "The order of the values.")
            let scores = try PrecisionRecallDensityCoverage(
                real: features("real"), fake: features("fake"),
                neighbours: attributes.integer("k", in: 1..., default: 5, "Neighbours."))
            try compare("value", [scores.precision, scores.recall, scores.density, scores.coverage])
        case "inception_score":
            let splits = try attributes.integer("splits", in: 1..., default: 1, "Parts, each with its own score.")
            try compare("value", [try InceptionScore.of(probabilities: features("probabilities"), splits: splits).mean])
        default:
            throw RecordedCaseError.unknown("metric", operation, known: ["fid", "inception_score", "kid", "prdc"])
        }
    }

    private func features(_ name: String) throws -> Features { Features(try tensor(name, rank: 2)) }
}
