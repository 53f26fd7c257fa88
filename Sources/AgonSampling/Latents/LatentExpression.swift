import AgonConfiguration

/// What stands for a latent vector in an expression.
public enum LatentReference: Hashable, Sendable {
    /// One that was saved under this name.
    case saved(String)
    /// A sample of the seed, counted from 1.
    case sample(Int)
}

/// Arithmetic on latent vectors, such as `king - man + woman`, `(a + b) / 2`, `mean(#3, #7, #12) * 0.9`.
///
///     sum     = product { ("+" | "-") product }
///     product = sign { ("*" | "/") sign }
///     sign    = { "-" | "+" } operand
///     operand = number | name | "#" number | "mean" "(" sum { "," sum } ")" | "(" sum ")"
///
/// Latents are added to latents, and multiplied and divided by numbers alone. So every expression is a weighted sum, and
/// is kept as one.
///
/// Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
/// Networks", ICLR 2016, arXiv:1511.06434, section 6.3.2, where single samples were unstable and means of three were
/// not; White, "Sampling Generative Networks", 2016, arXiv:1609.04468.
public struct LatentExpression: Sendable {
    /// A latent and what it is multiplied by.
    struct Term: Equatable, Sendable {
        let reference: LatentReference
        var weight: Double
        /// Where it is named first: its character in the text, counted from 1.
        let column: Int
    }

    public let text: String
    /// Each latent once, in the order of their first mention.
    let terms: [Term]

    /// Throws `SamplingError.malformedExpression` with the place of the fault.
    public init(_ text: String) throws {
        self.text = text
        var parser = LatentExpressionParser(text)
        terms = try parser.parse()
    }

    /// The vector of `size` numbers that the expression comes to, summed in double precision.
    ///
    /// Throws what `latent` throws, and `SamplingError.malformedExpression` for a sum that is not finite.
    func value(size: Int, latent: (Term) throws -> [Float]) throws -> [Float] {
        var sum = [Double](repeating: 0, count: size)
        for term in terms {
            let values = try latent(term)
            precondition(values.count == size, "a latent of \(values.count) numbers among those of \(size)")
            for index in 0..<size { sum[index] += term.weight * Double(values[index]) }
        }
        let values = sum.map { Float($0) }
        guard values.allSatisfy(\.isFinite) else {
            throw SamplingError.malformedExpression(text: text, column: 1, problem: "comes to numbers too large")
        }
        return values
    }

    /// Words with a meaning of their own, which no latent can be called.
    static let reservedNames = ["mean"]

    /// Whether a latent may be called so: a letter or `_`, then letters, digits and `_`.
    static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.first, isNameStart(first) else { return false }
        return text.allSatisfy { isNameStart($0) || isDigit($0) } && !reservedNames.contains(String(text))
    }

    static func isNameStart(_ character: Character) -> Bool {
        ("a"..."z").contains(character) || ("A"..."Z").contains(character) || character == "_"
    }

    static func isDigit(_ character: Character) -> Bool {
        character.isASCII && character.isWholeNumber
    }
}
