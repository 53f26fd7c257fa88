import AgonAdversarial
import AgonGraph
import AgonLayers
import AgonTensors
import Foundation

/// The game of two linear networks computed by hand in Double: G(z) = z W + b makes points, D(x) = x v + c scores them.
/// The trainings of the library are compared to it.
struct LinearGame {
    var w: [[Double]], b: [Double]
    var v: [Double], c: Double
    let rate: Double

    typealias Rows = [[Double]]

    init(_ generator: Network, _ discriminator: Network, rate: Double) {
        let (gw, gb) = (generator.variables[0], generator.variables[1])
        let (dw, db) = (discriminator.variables[0], discriminator.variables[1])
        let columns = gw.shape[1]
        w = (0..<gw.shape[0]).map { row in (0..<columns).map { Double(gw.values[row * columns + $0]) } }
        b = gb.values.map(Double.init)
        v = dw.values.map(Double.init)
        c = Double(db.values[0])
        self.rate = rate
    }

    var generatorValues: [Float] { (w.flatMap { $0 } + b).map { Float($0) } }
    var discriminatorValues: [Float] { (v + [c]).map { Float($0) } }

    static func values(of network: Network) -> [Float] { network.variables.flatMap(\.values) }

    func points(_ z: Rows) -> Rows {
        z.map { z in b.indices.map { j in b[j] + zip(z, w).reduce(0) { $0 + $1.0 * $1.1[j] } } }
    }

    func scores(_ x: Rows) -> [Double] { x.map { x in c + zip(x, v).reduce(0) { $0 + $1.0 * $1.1 } } }

    /// Gradient of D's parameters where `d` is the loss's gradient by the scores of `x`.
    func discriminatorGradient(_ x: Rows, _ d: [Double]) -> (v: [Double], c: Double) {
        (v.indices.map { j in zip(x, d).reduce(0) { $0 + $1.0[j] * $1.1 } }, d.reduce(0, +))
    }

    /// Gradient of G's parameters where `d` is the loss's gradient by the scores of G(z).
    func generatorGradient(_ z: Rows, _ d: [Double]) -> (w: Rows, b: [Double]) {
        (
            w.indices.map { i in b.indices.map { j in v[j] * zip(z, d).reduce(0) { $0 + $1.0[i] * $1.1 } } },
            b.indices.map { j in v[j] * d.reduce(0, +) }
        )
    }

    mutating func moveDiscriminator(_ gradients: [(v: [Double], c: Double)]) {
        for g in gradients {
            for j in v.indices { v[j] -= rate * g.v[j] }
            c -= rate * g.c
        }
    }

    mutating func moveGenerator(_ g: (w: Rows, b: [Double])) {
        for j in b.indices {
            for i in w.indices { w[i][j] -= rate * g.w[i][j] }
            b[j] -= rate * g.b[j]
        }
    }
}

func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

func softmax(_ values: [Double]) -> [Double] {
    let powers = values.map { exp($0 - (values.max() ?? 0)) }
    return powers.map { $0 / powers.reduce(0, +) }
}

extension [Double] {
    var mean: Double { reduce(0, +) / Double(count) }
}

/// Normal points, the same for the library and the reference.
func rows(_ count: Int, _ columns: Int, _ purpose: String, shift: Float = 0) -> (flat: [Float], rows: LinearGame.Rows) {
    let flat = RandomStream(seed: 5, purpose: purpose).normal(count: count * columns, mean: shift)
    return (flat, (0..<count).map { row in (0..<columns).map { Double(flat[row * columns + $0]) } })
}
