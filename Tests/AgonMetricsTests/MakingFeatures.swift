import AgonMetrics
import AgonTensors
import Foundation
import Testing

/// Normal features, each with the given mean.
func normalFeatures(rows: Int, columns: Int, mean: Float = 0, seed: UInt64) -> Features {
    let values = RandomStream(seed: seed, purpose: "test features").normal(count: rows * columns, mean: mean)
    return Features(rows: rows, columns: columns, values: values.map { Double($0) })
}

/// Features given row by row.
func features(_ rows: [[Double]]) -> Features {
    Features(rows: rows.count, columns: rows.first?.count ?? 1, values: rows.flatMap { $0 })
}

extension Features {
    func row(_ index: Int) -> ArraySlice<Double> { values[index * columns..<(index + 1) * columns] }
}
