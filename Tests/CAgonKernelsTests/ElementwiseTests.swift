import CAgonKernels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A function of the interpreter with its definition in double precision and the numbers it is tried on.
struct ElementwiseCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let opcode: agon_opcode
    let p0: Float, p1: Float
    let range: ClosedRange<Float>
    /// Greatest error, in units in the last place of the result.
    let units: Double
    let function: @Sendable (Double, Double, Double) -> Double

    init(
        _ name: String, _ opcode: agon_opcode, p0: Float = 0, p1: Float = 0, _ range: ClosedRange<Float> = -3...3,
        units: Double = 1, _ function: @escaping @Sendable (Double, Double, Double) -> Double
    ) {
        (testDescription, self.opcode, self.p0, self.p1) = (name, opcode, p0, p1)
        (self.range, self.units, self.function) = (range, units, function)
    }

    static let all: [ElementwiseCase] = [
        .init("copy", AGON_COPY) { a, _, _ in a },
        .init("affine", AGON_AFFINE, p0: -1.5, p1: 10, units: 2) { a, _, _ in -1.5 * a + 10 },
        .init("absolute", AGON_ABSOLUTE) { a, _, _ in abs(a) },
        .init("sign", AGON_SIGN) { a, _, _ in a > 0 ? 1 : (a < 0 ? -1 : 0) },
        .init("square", AGON_SQUARE) { a, _, _ in a * a },
        .init("square root", AGON_SQUARE_ROOT, 0...1e6) { a, _, _ in a.squareRoot() },
        .init("reciprocal", AGON_RECIPROCAL) { a, _, _ in 1 / a },
        .init("power", AGON_POWER, p0: -0.5, 1e-6...100, units: 8) { a, _, _ in pow(a, -0.5) },
        .init("exponential", AGON_EXPONENTIAL, -87...88.7, units: 2) { a, _, _ in exp(a) },
        .init("logarithm", AGON_LOGARITHM, 1e-30...1e30, units: 2) { a, _, _ in log(a) },
        .init("logarithm about one", AGON_LOGARITHM, 0.5...2, units: 3) { a, _, _ in log(a) },
        .init("tanh", AGON_TANH, -12...12, units: 3) { a, _, _ in tanh(a) },
        .init("tanh about zero", AGON_TANH, -0.7...0.7, units: 3) { a, _, _ in tanh(a) },
        .init("sigmoid", AGON_SIGMOID, -80...80, units: 4) { a, _, _ in 1 / (1 + exp(-a)) },
        .init("softplus", AGON_SOFTPLUS, -80...80, units: 4) { a, _, _ in max(a, 0) + log1p(exp(-abs(a))) },
        .init("leaky ReLU", AGON_LEAKY_RELU, p0: 0.25) { a, _, _ in a > 0 ? a : 0.25 * a },
        .init("step", AGON_STEP, p0: 0.5) { a, _, _ in a > 0.5 ? 1 : 0 },
        .init("clamp", AGON_CLAMP, p0: -0.5, p1: 1) { a, _, _ in min(max(a, -0.5), 1) },
        .init("add", AGON_ADD) { a, b, _ in a + b },
        .init("subtract", AGON_SUBTRACT) { a, b, _ in a - b },
        .init("multiply", AGON_MULTIPLY) { a, b, _ in a * b },
        .init("divide", AGON_DIVIDE) { a, b, _ in a / b },
        .init("maximum", AGON_MAXIMUM) { a, b, _ in max(a, b) },
        .init("minimum", AGON_MINIMUM) { a, b, _ in min(a, b) },
        .init("greater", AGON_GREATER) { a, b, _ in a > b ? 1 : 0 },
        .init("leaky ReLU's gradient", AGON_LEAKY_RELU_GRADIENT, p0: 0.25) { a, b, _ in b > 0 ? a : 0.25 * a },
        .init("ELU's gradient, alpha 2", AGON_ELU_GRADIENT, p0: 4, units: 2) { a, b, _ in b > 0 ? a : a * (b + 4) },
    ]
}

@Suite struct ElementwiseTests {
    @Test(arguments: ElementwiseCase.all, Kernels.available)
    func errorsAreAFewUnitsInTheLastPlace(_ c: ElementwiseCase, kernels: String) {
        // Longer than two blocks, and not a multiple of any vector's length.
        let count = 1237
        var a = uniform(count, from: c.range.lowerBound, to: c.range.upperBound, seed: 1)
        if c.range.lowerBound > 0, c.range.upperBound / c.range.lowerBound > 100 {
            let (low, high) = (logf(c.range.lowerBound), logf(c.range.upperBound))
            a = uniform(count, from: low, to: high, seed: 1).map { expf($0) }
        }
        (a[3], a[count - 1]) = (c.range.lowerBound, c.range.upperBound)
        let b = uniform(count, from: -3, to: 3, seed: 2)
        let found = RunningProgram.applying(c.opcode, p0: c.p0, p1: c.p1, to: a, b, kernels: Kernels.named(kernels))
        var worst = (error: -1.0, index: 0)
        for index in 0..<count {
            let exact = c.function(Double(a[index]), Double(b[index]), 0)
            // Kernels may flush a subnormal result to zero.
            let isSubnormal = exact != 0 && abs(exact) < Double(Float.leastNormalMagnitude)
            let unit = isSubnormal ? Float.leastNormalMagnitude : Float(exact).ulp
            let error = abs(Double(found[index]) - exact) / Double(unit)
            if !(error <= worst.error) { worst = (error, index) }
        }
        #expect(
            worst.error <= c.units,
            "f(\(a[worst.index]), \(b[worst.index])) = \(found[worst.index]), off by \(worst.error) ulp")
    }

    /// Functions that take differences of nearly equal numbers are exact on the scale of one.
    @Test(arguments: Kernels.available)
    func differencesAreExactOnTheScaleOfOne(kernels: String) {
        let kernels = Kernels.named(kernels)
        let (a, b) = (uniform(1000, from: -3, to: 3, seed: 1), uniform(1000, from: -1, to: 1, seed: 2))
        let c = uniform(1000, seed: 3)
        func exact(_ function: (Double, Double) -> Double) -> [Double] {
            zip(a, b).map { function(Double($0), Double($1)) }
        }
        expectClose(
            RunningProgram.applying(AGON_ELU, p0: 1, to: a, kernels: kernels), exact { a, _ in a > 0 ? a : expm1(a) },
            "elu")
        expectClose(
            RunningProgram.applying(AGON_TANH_GRADIENT, to: a, b, kernels: kernels), exact { $0 * (1 - $1 * $1) },
            "tanh gradient")
        expectClose(
            RunningProgram.applying(AGON_SIGMOID_GRADIENT, to: a, b, kernels: kernels), exact { $0 * $1 * (1 - $1) },
            "sigmoid gradient")
        expectClose(
            RunningProgram.applying(AGON_MULTIPLY_ADD, to: a, b, c, kernels: kernels),
            zip(exact(*), c).map { $0 + Double($1) }, "multiply and add")
    }

    /// Infinities and zeros as in the C library; a NaN stays one, so that a run that went wrong shows it.
    @Test(arguments: Kernels.available)
    func specialNumbers(kernels: String) {
        let kernels = Kernels.named(kernels)
        let infinity = Float.infinity
        let table: [(agon_opcode, Float, Float)] = [
            (AGON_EXPONENTIAL, infinity, infinity), (AGON_EXPONENTIAL, -infinity, 0), (AGON_EXPONENTIAL, 100, infinity),
            (AGON_EXPONENTIAL, -100, 0), (AGON_EXPONENTIAL, 0, 1), (AGON_LOGARITHM, 0, -infinity),
            (AGON_LOGARITHM, infinity, infinity), (AGON_LOGARITHM, -1, .nan), (AGON_LOGARITHM, 1, 0),
            (AGON_TANH, infinity, 1), (AGON_TANH, -infinity, -1), (AGON_TANH, 0, 0), (AGON_SIGMOID, infinity, 1),
            (AGON_SIGMOID, -infinity, 0), (AGON_SIGMOID, 0, 0.5), (AGON_SOFTPLUS, infinity, infinity),
            (AGON_SOFTPLUS, -infinity, 0), (AGON_SQUARE_ROOT, -1, .nan), (AGON_SQUARE_ROOT, 0, 0),
            (AGON_RECIPROCAL, 0, infinity), (AGON_ELU, -infinity, -1), (AGON_SIGN, 0, 0), (AGON_POWER, 0, 0),
        ]
        for (opcode, x, expected) in table {
            let p0: Float = opcode == AGON_POWER ? 2.5 : 1
            let found = RunningProgram.applying(opcode, p0: p0, to: [Float](repeating: x, count: 19), kernels: kernels)
            #expect(
                found.allSatisfy { $0 == expected || $0.isNaN && expected.isNaN }, "\(opcode) of \(x): \(found[0])")
        }
        let nan = [Float](repeating: .nan, count: 19)
        let one = [Float](repeating: 1, count: 19)
        for opcode in [
            AGON_COPY, AGON_AFFINE, AGON_ABSOLUTE, AGON_SQUARE, AGON_SQUARE_ROOT, AGON_RECIPROCAL, AGON_POWER,
            AGON_EXPONENTIAL, AGON_LOGARITHM, AGON_TANH, AGON_SIGMOID, AGON_SOFTPLUS, AGON_ELU, AGON_LEAKY_RELU,
            AGON_CLAMP,
        ] {
            let found = RunningProgram.applying(opcode, p0: 0, p1: 1, to: nan, kernels: kernels)
            #expect(found.allSatisfy { $0.isNaN }, "\(opcode)")
        }
        for opcode in [
            AGON_ADD, AGON_SUBTRACT, AGON_MULTIPLY, AGON_DIVIDE, AGON_MAXIMUM, AGON_MINIMUM, AGON_TANH_GRADIENT,
        ] {
            #expect(
                RunningProgram.applying(opcode, to: nan, one, kernels: kernels).allSatisfy { $0.isNaN }, "\(opcode)")
            #expect(
                RunningProgram.applying(opcode, to: one, nan, kernels: kernels).allSatisfy { $0.isNaN }, "\(opcode)")
        }
    }

    /// Random numbers use the same code on all processors.
    @Test(arguments: [AGON_RANDOM_UNIFORM, AGON_RANDOM_NORMAL, AGON_RANDOM_BERNOULLI].map(\.rawValue))
    func randomNumbersAreTheSameForAll(opcode: UInt32) {
        let zeros = [Float](repeating: 0, count: 1500)
        let drawn = Kernels.available.map {
            RunningProgram.applying(agon_opcode(opcode), p0: 0.25, p1: 2, to: zeros, kernels: Kernels.named($0))
        }
        for numbers in drawn { #expect(numbers == drawn[0]) }
        #expect(Set(drawn[0]).count > 1)
    }
}
