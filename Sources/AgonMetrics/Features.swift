import AgonTensors

/// A feature matrix with one row per sample, row-major, in double precision.
public struct Features: Equatable, Sendable {
    public let rows: Int
    public let columns: Int
    public let values: [Double]

    public init(rows: Int, columns: Int, values: [Double]) {
        precondition(rows >= 0 && columns > 0, "features of \(rows) samples with \(columns) values")
        precondition(values.count == rows * columns, "\(rows) x \(columns) features are not \(values.count) values")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// The first axis is the sample, the others form a row.
    public init(_ tensor: Tensor) {
        precondition(tensor.shape.rank >= 2, "features need a shape of samples and values, not \(tensor.shape)")
        let rows = tensor.shape[0]
        let columns = tensor.shape.dimensions.dropFirst().reduce(1, *)
        self.init(rows: rows, columns: columns, values: tensor.values.map { Double($0) })
    }

    /// The rows of the given indices, in that order.
    public func selecting(_ indices: some Collection<Int>) -> Features {
        var selected: [Double] = []
        selected.reserveCapacity(indices.count * columns)
        for row in indices { selected.append(contentsOf: values[row * columns..<(row + 1) * columns]) }
        return Features(rows: indices.count, columns: columns, values: selected)
    }

    /// Whether all samples have the same features, but for the rounding of single precision.
    public var rowsAreEqual: Bool {
        guard rows > 0 else { return true }
        let tolerance = 1e-6 * values.reduce(0) { max($0, abs($1)) }
        return values.indices.allSatisfy { abs(values[$0] - values[$0 % columns]) <= tolerance }
    }

    /// - Throws: ``MetricError/tooFewSamples(metric:set:count:needed:)`` or
    ///   ``MetricError/badValue(metric:row:column:value:)``.
    func check(atLeast needed: Int, set: String, metric: String) throws(MetricError) {
        guard rows >= needed else { throw .tooFewSamples(metric: metric, set: set, count: rows, needed: needed) }
        if let bad = values.firstIndex(where: { !$0.isFinite }) {
            throw .badValue(metric: metric, row: bad / columns, column: bad % columns, value: values[bad])
        }
    }

    /// Checks two sets before comparison.
    static func check(
        real: Features, fake: Features, atLeast needed: Int, metric: String
    ) throws(MetricError) {
        guard real.columns == fake.columns else {
            throw .differentWidths(real: real.columns, fake: fake.columns)
        }
        // Generated samples first: their number is what the user asked for, and real ones may be cut to it.
        try fake.check(atLeast: needed, set: "generated", metric: metric)
        try real.check(atLeast: needed, set: "real", metric: metric)
    }
}
