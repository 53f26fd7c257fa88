/// The matrices of minimal filtering F(m, r): m outputs of an r-tap correlation from n = m + r - 1 inputs with n
/// multiplications, exactly.
///
/// `output = Aᵀ [(G filter) ∘ (Bᵀ input)]` with finite points `p_0 ... p_(n-2)` and the point at infinity:
/// `Aᵀ[i][j] = p_j^i`, `G[j][k] = p_j^k / Π (p_j - p_l)`, and row j of `Bᵀ` has the coefficients of
/// `Π_(l != j) (x - p_l)`; infinity adds the last output's last product, with `Π (x - p_l)` in `Bᵀ`.
///
/// Winograd, "Arithmetic Complexity of Computations", 1980; Lavin and Gray, arXiv:1509.09308. The points are those with
/// the smallest errors in single precision among zero and signed powers of two (Barabasz et al., arXiv:1803.10986,
/// compare choices of points).
struct MinimalFilter {
    let m: Int, r: Int
    /// `[m][n]`
    let outputs: [[Rational]]
    /// `[n][r]`
    let weights: [[Rational]]
    /// `[n][n]`
    let inputs: [[Rational]]

    var n: Int { m + r - 1 }

    /// The finite points of tiles of n, n - 1 of them.
    static func points(_ n: Int) -> [Rational] {
        let half = Rational(1, 2)
        let few: [Rational] = [0, 1, -1, half, -2]
        return n <= 6 ? Array(few.prefix(n - 1)) : Array(([0, 1, -1, half, -half, 2, -2] as [Rational]).prefix(n - 1))
    }

    init(_ m: Int, _ r: Int) {
        (self.m, self.r) = (m, r)
        let n = m + r - 1
        let points = MinimalFilter.points(n)
        func power(_ x: Rational, _ exponent: Int) -> Rational {
            (0..<exponent).reduce(1) { product, _ in product * x }
        }
        /// Coefficients of `Π (x - root)`, lowest first.
        func polynomial(_ roots: [Rational]) -> [Rational] {
            roots.reduce([1]) { product, root in
                var next = [Rational](repeating: 0, count: product.count + 1)
                for (degree, coefficient) in product.enumerated() {
                    next[degree + 1] = next[degree + 1] + coefficient
                    next[degree] = next[degree] - root * coefficient
                }
                return next
            }
        }
        outputs = (0..<m).map { row in points.map { power($0, row) } + [row == m - 1 ? 1 : 0] }
        weights =
            points.indices.map { j in
                let scale = points.indices.filter { $0 != j }.reduce(Rational(1)) { $0 * (points[j] - points[$1]) }
                return (0..<r).map { power(points[j], $0) / scale }
            } + [(0..<r).map { $0 == r - 1 ? 1 : 0 }]
        inputs =
            points.indices.map { j in polynomial(points.indices.filter { $0 != j }.map { points[$0] }) + [0] }
            + [polynomial(points)]
    }
}

/// A fraction in lowest terms, exact.
struct Rational: Equatable, ExpressibleByIntegerLiteral {
    let numerator: Int, denominator: Int

    init(_ numerator: Int, _ denominator: Int) {
        precondition(denominator != 0, "\(numerator) / 0")
        var (a, b) = (abs(numerator), abs(denominator))
        while b != 0 { (a, b) = (b, a % b) }
        let sign = denominator < 0 ? -1 : 1
        self.numerator = sign * numerator / max(a, 1)
        self.denominator = sign * denominator / max(a, 1)
    }

    init(integerLiteral value: Int) { self.init(value, 1) }

    var double: Double { Double(numerator) / Double(denominator) }

    static func + (a: Rational, b: Rational) -> Rational {
        Rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
    }
    static func - (a: Rational, b: Rational) -> Rational { a + Rational(-b.numerator, b.denominator) }
    static func * (a: Rational, b: Rational) -> Rational {
        Rational(a.numerator * b.numerator, a.denominator * b.denominator)
    }
    static func / (a: Rational, b: Rational) -> Rational {
        Rational(a.numerator * b.denominator, a.denominator * b.numerator)
    }
    static prefix func - (a: Rational) -> Rational { Rational(-a.numerator, a.denominator) }
}
