import CAgonKernels
import Testing

@testable import AgonGraph

/// The matrices of minimal filtering, by exact arithmetic.
@Suite struct MinimalFilterTests {
    static let forms = [(2, 2), (3, 2), (4, 2), (2, 3), (3, 3), (4, 3), (2, 5), (3, 5), (4, 5)]

    /// `Σ_p Aᵀ[i][p] G[p][k] Bᵀ[p][j]` is 1 where input j meets tap k in output i, which is j = i + k, and else 0.
    @Test(arguments: forms)
    func computesACorrelationExactly(_ m: Int, _ r: Int) {
        let filter = MinimalFilter(m, r)
        for i in 0..<m {
            for k in 0..<r {
                for j in 0..<filter.n {
                    let sum = (0..<filter.n).reduce(Rational(0)) {
                        $0 + filter.outputs[i][$1] * filter.weights[$1][k] * filter.inputs[$1][j]
                    }
                    #expect(sum == (j == i + k ? 1 : 0), "output \(i), tap \(k), input \(j)")
                }
            }
        }
    }

    /// The kernels' constants are these matrices.
    @Test(arguments: forms)
    func tablesOfKernelsAreTheMatrices(_ m: Int, _ r: Int) {
        let filter = MinimalFilter(m, r)
        let n = filter.n
        var powers = [Float](repeating: .nan, count: (n - 1) * n)
        var scales = [Float](repeating: .nan, count: n - 1)
        var inputs = [Float](repeating: .nan, count: n * n)
        agon_filter_tables(Int32(n), &powers, &scales, &inputs)
        func rounded(_ number: Rational) -> Float { Float(number.double) }
        #expect(inputs == filter.inputs.flatMap { $0.map(rounded) })
        for point in 0..<n - 1 {
            for i in 0..<m { #expect(powers[point * n + i] == rounded(filter.outputs[i][point])) }
            for k in 0..<r {
                // A power of two by a rounded scale.
                #expect(scales[point] * powers[point * n + k] == rounded(filter.weights[point][k]))
            }
        }
    }

    @Test func fractionsAreInLowestTerms() {
        #expect(Rational(6, -4) == Rational(-3, 2))
        #expect(Rational(1, 2) + Rational(1, 3) == Rational(5, 6))
        #expect(Rational(1, 2) - Rational(1, 2) == 0)
        #expect(Rational(2, 3) * Rational(3, 4) == Rational(1, 2))
        #expect(Rational(2, 3) / Rational(-4, 3) == Rational(-1, 2))
        #expect((-Rational(1, 4)).double == -0.25)
    }
}
