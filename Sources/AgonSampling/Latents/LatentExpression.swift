/// A reference to a latent vector in an expression.
public enum LatentReference: Hashable, Sendable {
    /// A latent saved under this name.
    case saved(String)
    /// A sample of the seed, from 1.
    case sample(Int)
}

/// Arithmetic on latent vectors, such as `king - man + woman`, `(a + b) / 2`, `mean(#3, #7, #12) * 0.9`.
///
///     sum     = product { ("+" | "-") product }
///     product = sign { ("*" | "/") sign }
///     sign    = { "-" | "+" } operand
///     operand = number | name | "#" number | "mean" "(" sum { "," sum } ")" | "(" sum ")"
///
/// Latents are added to latents, and multiplied or divided only by numbers. So every expression is a weighted sum, and
/// is stored as one.
///
/// Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
/// Networks", ICLR 2016, arXiv:1511.06434, section 6.3.2, where single samples were unstable and means of three were
/// not; White, "Sampling Generative Networks", 2016, arXiv:1609.04468.
public struct LatentExpression: Sendable {
    /// A latent and its weight.
    struct Term: Equatable, Sendable {
        let reference: LatentReference
        var weight: Double
        /// The column of its first mention, from 1.
        let column: Int
    }

    public let text: String
    /// Each latent once, in order of first mention.
    let terms: [Term]

    /// Throws `SamplingError.malformedExpression` with the column of the error.
    public init(_ text: String) throws {
        self.text = text
        var parser = LatentExpressionParser(text)
        terms = try parser.parse()
    }

    /// The expression's value, a vector of `size` numbers, summed in double precision.
    ///
    /// Throws the errors of `latent`, and `SamplingError.malformedExpression` for a sum that is not finite.
    func value(size: Int, latent: (Term) throws -> [Float]) throws -> [Float] {
        var sum = [Double](repeating: 0, count: size)
        for term in terms {
            let values = try latent(term)
            precondition(values.count == size, "a latent of \(values.count) numbers among those of \(size)")
            for index in 0..<size { sum[index] += term.weight * Double(values[index]) }
        }
        let values = sum.map { Float($0) }
        guard values.allSatisfy(\.isFinite) else {
            throw SamplingError.malformedExpression(text: text, column: 1, problem: "the result is too large")
        }
        return values
    }

    /// Reserved words, which are not latent names.
    static let reservedNames = ["mean"]

    /// Whether a text is a valid latent name: a letter or `_`, then letters, digits and `_`.
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
