import AgonStatistics
import Testing

/// Values of SciPy 1.17: `stats.t`, `stats.ttest_ind(equal_var=False)`, `stats.ttest_rel`, `stats.ttest_1samp`.
@Suite struct SciPyValuesTests {
    private func expectClose(_ found: Double, _ expected: Double, _ what: String) {
        #expect(abs(found - expected) <= 1e-9 * max(1, abs(expected)), "\(what): \(found), expected \(expected)")
    }

    @Test(
        arguments: [
            (1, -3, 0.10241638234956672),
            (1, -0.4, 0.3788810584091566),
            (1, 0.7, 0.6944001122142147),
            (1, 2.2, 0.8642002512199081),
            (2.5, -3, 0.036288047774515914),
            (2.5, -0.4, 0.3604096344653614),
            (2.5, 0.7, 0.728297528405226),
            (2.5, 2.2, 0.9335430072901655),
            (3.7, -3, 0.022062942805759336),
            (3.7, -0.4, 0.355581230550854),
            (3.7, 0.7, 0.737286973028412),
            (3.7, 2.2, 0.9509248028047389),
            (8, -3, 0.008535840616891326),
            (8, -0.4, 0.3498122523802104),
            (8, 0.7, 0.7481144739907276),
            (8, 2.2, 0.9705030460420883),
            (40, -3, 0.0023150698920780676),
            (40, -0.4, 0.3456423465645368),
            (40, 0.7, 0.7560106106196991),
            (40, 2.2, 0.983177362206817),
            (120.5, -3, 0.001640677044633355),
            (120.5, -0.4, 0.34493235315036563),
            (120.5, 0.7, 0.7573617286853436),
            (120.5, 2.2, 0.9851428083147038),
        ] as [(Double, Double, Double)])
    func cumulativeProbabilitiesAgree(degreesOfFreedom: Double, t: Double, expected: Double) {
        expectClose(
            StudentDistribution(degreesOfFreedom: degreesOfFreedom).cumulative(t), expected,
            "\(t) at \(degreesOfFreedom)")
    }

    @Test(
        arguments: [
            (1, 0.975, 12.706204736174694),
            (1, 0.995, 63.656741162871526),
            (1, 0.9, 3.0776835371752544),
            (1.3, 0.975, 7.500529325562029),
            (1.3, 0.995, 26.057551633213905),
            (1.3, 0.9, 2.425947410787918),
            (4, 0.975, 2.7764451051977934),
            (4, 0.995, 4.604094871349992),
            (4, 0.9, 1.533206274058944),
            (9.7, 0.975, 2.237515123700105),
            (9.7, 0.995, 3.1913612585717734),
            (9.7, 0.9, 1.3751860970261598),
            (60, 0.975, 2.0002978220142604),
            (60, 0.995, 2.6602830288550368),
            (60, 0.9, 1.295821093515731),
        ] as [(Double, Double, Double)])
    func quantilesAgree(degreesOfFreedom: Double, p: Double, expected: Double) {
        expectClose(
            StudentDistribution(degreesOfFreedom: degreesOfFreedom).quantile(p), expected, "\(p) at \(degreesOfFreedom)"
        )
        expectClose(
            StudentDistribution(degreesOfFreedom: degreesOfFreedom).quantile(1 - p), -expected, "the other tail")
    }

    private let first = [1.0, 2.5, 3.1, 2.2, 4.0]

    @Test func welchsIntervalAgrees() throws {
        let difference = try #require(MeanDifference(first, [2.0, 3.5, 5.0, 4.4]))
        expectClose(difference.degreesOfFreedom, 5.978248384369703, "degrees of freedom")
        expectClose(difference.interval().lowerBound, -3.1729773450049126, "lower bound")
        expectClose(difference.interval().upperBound, 0.8429773450049125, "upper bound")
        expectClose(difference.probability(below: 0), 0.10266875431363899, "p value")
        expectClose(difference.probability(above: 0), 1 - 0.10266875431363899, "p value of the contrary")
    }

    @Test func pairedIntervalAgrees() throws {
        let difference = try #require(MeanDifference(paired: first, [2.0, 2.0, 3.9, 2.6, 4.1]))
        expectClose(difference.interval().lowerBound, -1.0977198031811812, "lower bound")
        expectClose(difference.interval().upperBound, 0.3777198031811816, "upper bound")
    }

    @Test func intervalOfOneSampleAgrees() throws {
        let difference = try #require(MeanDifference(first, from: 2))
        expectClose(difference.interval().lowerBound, 1.1812496765879634 - 2, "lower bound")
        expectClose(difference.interval().upperBound, 3.9387503234120365 - 2, "upper bound")
    }

    @Test func oneValueHasNoInterval() {
        #expect(MeanDifference([1], [1, 2]) == nil && MeanDifference([1], from: 0) == nil)
        #expect(MeanDifference(paired: [1], [2]) == nil)
    }

    /// By hand: 0.005 times 4, 0.01 times 3, then 0.03 times 2, which 0.04 times 1 must not fall below.
    @Test func holmsCorrectionStepsDown() {
        let adjusted = HolmCorrection.adjusted([0.01, 0.04, 0.03, 0.005])
        #expect(adjusted.count == 4)
        for (found, expected) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) { expectClose(found, expected, "\(adjusted)") }
        #expect(HolmCorrection.adjusted([0.6, 0.7]) == [1, 1])
    }
}
