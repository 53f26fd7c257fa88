import AgonExperiments
import Testing

@Suite struct MetricGoalTests {
    @Test func goalsOfMetricsAreKnown() {
        for key in ["metric.fid-lenet", "fid-inceptionv3", "metric.modes-kl", "metric.fid-lenet.last"] {
            #expect(MetricGoal.known(key) == .minimize, "\(key)")
        }
        for key in ["metric.modes", "metric.precision-lenet@0123456789ab", "accuracy"] {
            #expect(MetricGoal.known(key) == .maximize, "\(key)")
        }
        for key in ["loss.generator", "metric.new", ""] { #expect(MetricGoal.known(key) == nil, "\(key)") }
    }
}
